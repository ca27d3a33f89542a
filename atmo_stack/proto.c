// SPDX-License-Identifier: GPL-2.0
/*
 * Protocols, and which instance is served by which. A protocol may leave and
 * come back at any time: its instances stay bound, and their calls fail with
 * EPROTONOSUPPORT meanwhile.
 *
 * The receive path reads inst->proto with rx.mutex held, the transmit path with
 * tx.mutex. It is written with both held, so when it has been written no call
 * into the old protocol is under way, and none will begin.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "priv.h"

/* UDP and TCP over IPv4 and IPv6, whole frames, and as many again. */
#define MAX_PROTOS	10

/* Protects protos and instances. */
static DEFINE_MUTEX(protos_mutex);
static const struct atmo_proto *protos[MAX_PROTOS];
/* Bound instances, whether or not their protocol is there. */
static LIST_HEAD(instances);

static bool serves(const struct atmo_proto *proto, const struct atmo_instance *inst)
{
	return proto->family == inst->ep.flow.family &&
	       proto->protocol == inst->ep.flow.protocol;
}

static void set_proto(struct atmo_instance *inst, const struct atmo_proto *proto, void *priv)
{
	lockdep_assert_held(&protos_mutex);
	mutex_lock(&inst->rx.mutex);
	mutex_lock(&inst->tx.mutex);
	inst->proto = proto;
	inst->proto_priv = priv;
	mutex_unlock(&inst->tx.mutex);
	mutex_unlock(&inst->rx.mutex);
}

static int attach(struct atmo_instance *inst, const struct atmo_proto *proto)
{
	void *priv = kzalloc(proto->priv_len, GFP_KERNEL_ACCOUNT);
	int err;

	if (!priv)
		return -ENOMEM;
	err = proto->init ? proto->init(inst, priv) : 0;
	if (err) {
		kfree(priv);
		return err;
	}
	set_proto(inst, proto, priv);
	return 0;
}

static void detach(struct atmo_instance *inst)
{
	const struct atmo_proto *proto = inst->proto;
	void *priv = inst->proto_priv;

	if (!proto)
		return;
	set_proto(inst, NULL, NULL);
	if (proto->exit)
		proto->exit(inst, priv);
	kfree(priv);
}

static const struct atmo_proto *find_proto(const struct atmo_instance *inst)
{
	int i;

	lockdep_assert_held(&protos_mutex);
	for (i = 0; i < MAX_PROTOS; i++) {
		if (protos[i] && serves(protos[i], inst))
			return protos[i];
	}
	return NULL;
}

/* At this moment, going by the flow alone. */
bool atmo_proto_available(const struct atmo_instance *inst)
{
	bool found;

	mutex_lock(&protos_mutex);
	found = find_proto(inst);
	mutex_unlock(&protos_mutex);
	return found;
}

/* The endpoint is bound, so that the protocol can look at flow and NIC. */
int atmo_proto_attach(struct atmo_instance *inst)
{
	const struct atmo_proto *proto;
	int err = -EPROTONOSUPPORT;

	mutex_lock(&protos_mutex);
	proto = find_proto(inst);
	if (proto)
		err = attach(inst, proto);
	if (!err)
		list_add(&inst->proto_link, &instances);
	mutex_unlock(&protos_mutex);
	return err;
}

/* Also when it was never attached. */
void atmo_proto_detach(struct atmo_instance *inst)
{
	mutex_lock(&protos_mutex);
	list_del_init(&inst->proto_link);
	detach(inst);
	mutex_unlock(&protos_mutex);
}

static int find_slot(const struct atmo_proto *proto)
{
	int i, slot = -ENOSPC;

	for (i = MAX_PROTOS - 1; i >= 0; i--) {
		if (!protos[i])
			slot = i;
		else if (protos[i]->family == proto->family &&
			 protos[i]->protocol == proto->protocol)
			return -EEXIST;
	}
	return slot;
}

/**
 * atmo_proto_register() - serve a protocol from now on
 * @proto: stays the caller's, and in place until it is unregistered
 *
 * Calls proto->init for each instance of the protocol that is bound already.
 * Context: process, may sleep. Return: 0; -EEXIST: served already.
 */
int atmo_proto_register(const struct atmo_proto *proto)
{
	struct atmo_instance *inst;
	int slot, err;

	mutex_lock(&protos_mutex);
	slot = find_slot(proto);
	if (slot < 0)
		goto out;
	protos[slot] = proto;
	list_for_each_entry(inst, &instances, proto_link) {
		if (!serves(proto, inst))
			continue;
		err = attach(inst, proto);
		if (err)
			pr_err("atmo_stack: port %u stays without its protocol: error %d\n",
			       be16_to_cpu(inst->ep.flow.lport), err);
	}
out:
	mutex_unlock(&protos_mutex);
	return slot < 0 ? slot : 0;
}
EXPORT_SYMBOL_GPL(atmo_proto_register);

/**
 * atmo_proto_unregister() - serve a protocol no longer
 * @proto: as registered
 *
 * Calls proto->exit for each of its instances. On return no call into the
 * protocol is under way. Context: process, may sleep.
 */
void atmo_proto_unregister(const struct atmo_proto *proto)
{
	struct atmo_instance *inst;
	int i;

	mutex_lock(&protos_mutex);
	for (i = 0; i < MAX_PROTOS; i++) {
		if (protos[i] == proto)
			protos[i] = NULL;
	}
	list_for_each_entry(inst, &instances, proto_link) {
		if (inst->proto == proto)
			detach(inst);
	}
	mutex_unlock(&protos_mutex);
}
EXPORT_SYMBOL_GPL(atmo_proto_unregister);

/**
 * atmo_protos_register() - serve several protocols from now on
 * @list: as for atmo_proto_register()
 * @n: how many
 *
 * Context: process, may sleep. Return: 0, or the error of the first that can't be;
 * then none is served.
 */
int atmo_protos_register(const struct atmo_proto *list, unsigned int n)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		err = atmo_proto_register(&list[i]);
		if (err) {
			atmo_protos_unregister(list, i);
			return err;
		}
	}
	return 0;
}
EXPORT_SYMBOL_GPL(atmo_protos_register);

/**
 * atmo_protos_unregister() - serve several protocols no longer
 * @list: as registered
 * @n: how many
 *
 * Context: process, may sleep.
 */
void atmo_protos_unregister(const struct atmo_proto *list, unsigned int n)
{
	while (n)
		atmo_proto_unregister(&list[--n]);
}
EXPORT_SYMBOL_GPL(atmo_protos_unregister);

/**
 * atmo_instance_endpoint() - the flow, NIC and lane of an instance
 * @inst: the instance of a call into the protocol
 *
 * Context: any call of struct atmo_proto. Valid until that instance's exit.
 */
struct atmo_endpoint *atmo_instance_endpoint(struct atmo_instance *inst)
{
	return &inst->ep;
}
EXPORT_SYMBOL_GPL(atmo_instance_endpoint);
