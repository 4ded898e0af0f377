// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree that divides shares: pools, with groups as leaves. A pool's weight is divided among
 * those of its children that had something to run lately, in the ratio of their shares; a child of
 * the root weighs its shares. Reservations and limits hold for all below a node together: they are
 * allowances of the node (bucket.h), of which every world below it uses. Pure; C is held where not
 * said otherwise.
 */
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "sched/sched_priv.h"

/* --- allowances: any pCPU --------------------------------------------------------------------- */

static struct sched_pool *pool_of(const struct sched_group *g)
{
	return __atomic_load_n(&g->pool, __ATOMIC_RELAXED);
}

bool pool_has_floor(const struct sched_group *g)
{
	bool has = __atomic_load_n(&g->floor.quota_ns, __ATOMIC_RELAXED) != 0;

	for (const struct sched_pool *p = pool_of(g); !has && p->parent != NULL; p = p->parent) {
		has = __atomic_load_n(&p->floor.quota_ns, __ATOMIC_RELAXED) != 0;
	}
	return has;
}

bool pool_floor_left(struct sched_group *g, u64 now_ns, s64 *left_ns)
{
	*left_ns = bucket_left_ns(&g->floor, now_ns);
	for (struct sched_pool *p = pool_of(g); *left_ns <= 0 && p->parent != NULL; p = p->parent) {
		*left_ns = bucket_left_ns(&p->floor, now_ns);
	}
	return *left_ns > 0;
}

s64 pool_cap_left_ns(struct sched_group *g, u64 now_ns)
{
	s64 left_ns = bucket_left_ns(&g->cap, now_ns);

	for (struct sched_pool *p = pool_of(g); p->parent != NULL; p = p->parent) {
		left_ns = MIN(left_ns, bucket_left_ns(&p->cap, now_ns));
	}
	return left_ns;
}

u64 pool_cap_refill_ns(struct sched_group *g, u64 now_ns)
{
	u64 refill_ns = bucket_refill_ns(&g->cap, now_ns);

	for (struct sched_pool *p = pool_of(g); p->parent != NULL; p = p->parent) {
		refill_ns = MAX(refill_ns, bucket_refill_ns(&p->cap, now_ns));
	}
	return refill_ns;
}

/* Siblings that run at the same time may use more than is left: a debt. What is used by shares is
 * none. */
static void floor_use(struct bucket *floor, u64 ran_ns, bool by_floor, u64 now_ns)
{
	if (by_floor && __atomic_load_n(&floor->quota_ns, __ATOMIC_RELAXED) != 0) {
		bucket_use(floor, ran_ns, now_ns);
	} else {
		bucket_use_if_left(floor, ran_ns, now_ns);
	}
}

void pool_use(struct sched_group *g, u64 ran_ns, bool by_floor, u64 now_ns)
{
	floor_use(&g->floor, ran_ns, by_floor, now_ns);
	bucket_use(&g->cap, ran_ns, now_ns);
	for (struct sched_pool *p = pool_of(g); p->parent != NULL; p = p->parent) {
		floor_use(&p->floor, ran_ns, by_floor, now_ns);
		bucket_use(&p->cap, ran_ns, now_ns);
	}
}

/* --- weights ---------------------------------------------------------------------------------- */

static bool group_is_active(const struct sched_group *g, u64 now_ns)
{
	return now_ns < __atomic_load_n(&g->active_ns, __ATOMIC_RELAXED) + SCHED_ACTIVE_NS;
}

static u64 group_shares(const struct sched_group *g)
{
	return (u64)g->params.shares * MAX(g->count, 1u);
}

/* Children before parents: the list has parents first. */
static void active_count(struct sched *s, u64 now_ns)
{
	list_for_each (p, &s->pools, struct sched_pool, node) {
		p->active_shares = 0;
		p->active = false;
	}
	s->root.active_shares = 0;
	list_for_each (g, &s->groups, struct sched_group, node) {
		if (group_is_active(g, now_ns)) {
			g->pool->active_shares += group_shares(g);
			g->pool->active = true;
		}
	}
	for (struct list *l = s->pools.prev; l != &s->pools; l = l->prev) {
		struct sched_pool *p = container_of(l, struct sched_pool, node);

		if (p->active) {
			p->parent->active_shares += p->params.shares;
			p->parent->active = true;
		}
	}
}

/* What `shares` of a pool's child weigh; one that is not active as if it were alone to become so.
 */
static u64 weight_of(const struct sched_pool *p, u64 shares, bool active)
{
	if (p->parent == NULL) {
		return shares;
	}
	return p->weight * shares / (p->active_shares + (active ? 0 : shares));
}

static void weights_set(struct sched *s, u64 now_ns)
{
	active_count(s, now_ns);
	list_for_each (p, &s->pools, struct sched_pool, node) {
		p->weight = weight_of(p->parent, p->params.shares, p->active);
	}
	list_for_each (g, &s->groups, struct sched_group, node) {
		u64 weight = weight_of(g->pool, group_shares(g), group_is_active(g, now_ns)) /
			     MAX(g->count, 1u);

		__atomic_store_n(&g->weight, (u32)MIN(MAX(weight, 1ull), (u64)SCHED_SHARES_MAX),
				 __ATOMIC_RELAXED);
	}
}

void sched_tick(struct sched *s, u64 now_ns)
{
	s->tick_ns = now_ns;
	if (!list_empty(&s->pools)) {
		weights_set(s, now_ns);
	}
}

/* --- configuration ---------------------------------------------------------------------------- */

static void pool_params_store(struct sched_pool *pool, const struct sched_pool_params *params)
{
	assert(params->shares >= SCHED_SHARES_MIN && params->shares <= SCHED_SHARES_MAX);
	pool->params = *params;
}

int sched_pool_add(struct sched *s, struct sched_pool *pool, struct sched_pool *parent,
		   const struct sched_pool_params *params)
{
	*pool = (struct sched_pool){.parent = parent != NULL ? parent : &s->root};
	pool->depth = pool->parent->depth + 1;
	if (pool->depth > SCHED_POOL_DEPTH) {
		return ERR_LIMIT;
	}
	pool_params_store(pool, params);
	bucket_init(&pool->floor, params->min_ns, s->tick_ns);
	bucket_init(&pool->cap, params->max_ns, s->tick_ns);
	list_push_back(&s->pools, &pool->node);
	weights_set(s, s->tick_ns);
	return 0;
}

void sched_pool_remove(struct sched *s, struct sched_pool *pool)
{
	list_for_each (g, &s->groups, struct sched_group, node) {
		assert(g->pool != pool);
	}
	list_for_each (p, &s->pools, struct sched_pool, node) {
		assert(p->parent != pool);
	}
	list_remove(&pool->node);
}

void sched_pool_set(struct sched *s, struct sched_pool *pool,
		    const struct sched_pool_params *params, u64 now_ns)
{
	pool_params_store(pool, params);
	bucket_set(&pool->floor, params->min_ns, now_ns);
	bucket_set(&pool->cap, params->max_ns, now_ns);
	weights_set(s, now_ns);
}

static void group_params_store(struct sched_group *g, const struct sched_group_params *params)
{
	assert(params->shares >= SCHED_SHARES_MIN && params->shares <= SCHED_SHARES_MAX);
	__atomic_store_n(&g->params.shares, params->shares, __ATOMIC_RELAXED);
	__atomic_store_n(&g->params.min_ns, params->min_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&g->params.max_ns, params->max_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&g->params.rule, params->rule, __ATOMIC_RELAXED);
	__atomic_store_n(&g->params.skew_max_ns, params->skew_max_ns, __ATOMIC_RELAXED);
}

void sched_group_add(struct sched *s, struct sched_group *g, struct sched_pool *pool,
		     const struct sched_group_params *params, u64 now_ns)
{
	u32 id = g->id;

	*g = (struct sched_group){
		.id = id, .pool = pool != NULL ? pool : &s->root, .skew_at_ns = now_ns};
	group_params_store(g, params);
	g->rule = params->rule;
	bucket_init(&g->floor, params->min_ns, now_ns);
	bucket_init(&g->cap, params->max_ns, now_ns);
	list_push_back(&s->groups, &g->node);
	weights_set(s, now_ns);
}

void sched_group_remove(struct sched *s, struct sched_group *g)
{
	assert(g->count == 0);
	list_remove(&g->node);
	weights_set(s, s->tick_ns);
}

void sched_group_set(struct sched *s, struct sched_group *g, struct sched_pool *pool,
		     const struct sched_group_params *params, u64 now_ns)
{
	__atomic_store_n(&g->pool, pool != NULL ? pool : &s->root, __ATOMIC_RELAXED);
	group_params_store(g, params);
	bucket_set(&g->floor, params->min_ns, now_ns);
	bucket_set(&g->cap, params->max_ns, now_ns);
	weights_set(s, now_ns);
}
