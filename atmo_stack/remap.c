// SPDX-License-Identifier: GPL-2.0
/*
 * Shared lane: handing a received page itself to the application instead of a copy.
 *
 * The page that a frame lies in changes places with that of a spare slot: what the
 * private queue's struct atmo_page and the slot's stand for is exchanged, so neither
 * side has a page more or less. Before that the slot is taken out of all mappings,
 * for a run of neighbouring slots at once: one flush of the TLBs. Afterwards the new
 * memory is put into the caller's mapping; others fault it in.
 *
 * Nobody but the instance may get at either page then:
 *  - the received one has held others' frames: all of it is cleared but the frame;
 *  - the application's old one goes into circulation, and others' frames will lie in
 *    it. If anything still refers to it (pinned for direct I/O, spliced into a pipe),
 *    it stays where it is, and the frame is copied into it.
 *
 * rx.mutex is held from taking the slot out of the mappings until the new memory is
 * in place, so no fault brings the old page back meanwhile. mmap_lock comes before
 * rx.mutex, so it is taken at the beginning of the call.
 */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "priv.h"

static unsigned int remap_threshold;
module_param(remap_threshold, uint, 0644);
MODULE_PARM_DESC(remap_threshold,
		 "shared lane: map frames of at least so many bytes instead of copying them; 0: copy all (default)");

/* ---- The caller's mapping ---- */

/*
 * If pages may be remapped in this call, takes mmap_lock for reading and returns the
 * caller's mapping of all pages of @inst; else NULL. Called without rx.mutex.
 */
struct vm_area_struct *atmo_remap_begin(struct atmo_instance *inst)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (!READ_ONCE(remap_threshold) || !mm ||
	    READ_ONCE(inst->ep.lane_type) != ATMO_LANE_SHARED)
		return NULL;
	mmap_read_lock(mm);
	vma = vma_lookup(mm, READ_ONCE(inst->pages_addr));
	if (vma && atmo_instance_maps_pages(inst, vma))
		return vma;
	mmap_read_unlock(mm);
	return NULL;
}

void atmo_remap_end(struct vm_area_struct *vma)
{
	if (vma)
		mmap_read_unlock(vma->vm_mm);
}

/* ---- Slots ---- */

static int compare_slots(const void *a, const void *b)
{
	const u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* Slots @from and on that are neighbours. */
static u32 run_len(const u32 *slots, u32 from, u32 nr)
{
	u32 i;

	for (i = from + 1; i < nr && slots[i] == slots[i - 1] + 1; i++)
		;
	return i - from;
}

static void unmap_slots(struct atmo_instance *inst, const u32 *slots, u32 nr)
{
	u32 i, n;

	for (i = 0; i < nr; i += n) {
		n = run_len(slots, i, nr);
		atmo_instance_unmap_pages(inst, slots[i], n);
	}
}

/* What can't be put in place now is faulted in later. */
static void map_slots(struct atmo_instance *inst, const u32 *slots, u32 nr)
{
	struct vm_area_struct *vma = inst->rx.vma;
	struct page **pages = inst->domain->pages;
	unsigned long left;
	u32 i, n;

	for (i = 0; i < nr; i += n) {
		n = run_len(slots, i, nr);
		left = n;
		vm_insert_pages(vma, vma->vm_start + slots[i] * PAGE_SIZE, &pages[slots[i]],
				&left);
	}
}

/* ---- Pages ---- */

static void scrub(const struct atmo_rx_frame *frame)
{
	u8 *va = frame->page->va;
	u32 end = frame->offset + frame->len;

	memset(va, 0, frame->offset);
	memset(va + end, 0, ATMO_PAGE_SIZE - end);
}

/* The frame's page becomes the slot's. False: somebody refers to one of them. */
static bool exchange(struct atmo_instance *inst, const struct atmo_rx_frame *frame, u32 slot)
{
	struct atmo_page *ours = &inst->pages[slot], *theirs = frame->page;

	if (!atmo_page_is_private(ours->page, ATMO_SLOT_REFS) ||
	    !atmo_page_is_private(theirs->page, 1))
		return false;
	scrub(frame);
	/* The frame's page was paid for by whoever had it first. */
	atmo_domain_mix(inst->domain);
	/* The domain's reference moves, too. */
	put_page(ours->page);
	get_page(theirs->page);
	inst->domain->pages[slot] = theirs->page;
	atmo_page_exchange(ours, theirs);
	return true;
}

/* ---- A chunk ---- */

static bool eligible(const struct atmo_rx_work *work, u32 threshold)
{
	return work->verdict == ATMO_RX_DELIVER && work->frame.len >= threshold;
}

/*
 * Of the first @n judged frames, remaps those that are long enough; which slot each
 * went to is in rx->remapped, ATMO_NO_SLOT for those that are left to be copied. The
 * slots are still SPARE. There is a spare slot for each frame.
 */
void atmo_remap_chunk(struct atmo_instance *inst, u32 n)
{
	const u32 threshold = READ_ONCE(remap_threshold);
	struct atmo_rx_side *rx = &inst->rx;
	u32 slots[ATMO_CHUNK];
	u32 i, used, nr = 0;

	lockdep_assert_held(&rx->mutex);
	for (i = 0; i < n; i++) {
		rx->remapped[i] = ATMO_NO_SLOT;
		nr += eligible(&rx->work[i], threshold);
	}
	/* Shared pages stay where they are: other instances have them mapped for DMA. */
	if (!rx->vma || !threshold || !nr || READ_ONCE(inst->domain->shared))
		return;
	rx->nr_spare -= nr;
	memcpy(slots, &rx->spare[rx->nr_spare], nr * sizeof(*slots));
	sort(slots, nr, sizeof(*slots), compare_slots, NULL);
	unmap_slots(inst, slots, nr);
	for (i = 0, used = 0; i < n; i++) {
		if (!eligible(&rx->work[i], threshold))
			continue;
		if (exchange(inst, &rx->work[i].frame, slots[used]))
			rx->remapped[i] = slots[used];
		else
			rx->spare[rx->nr_spare++] = slots[used];
		used++;
	}
	map_slots(inst, slots, nr);
}
