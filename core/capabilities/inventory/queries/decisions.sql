-- What to do today: the best-founded move of each kind, then the second best of each, and so on. Within a kind, likely ones come
-- first, then those with most money at stake (chance x expected units x price; for an order, the part that the stock does not cover).
--   order    it rises and stock runs short        check    it rises and its stock can't be reckoned with
--   promote  it rises and there is enough of it   hold     it falls and there is too much of it
-- Table plan is core.plan.make's: what planners order instead counts, and what they snoozed has been decided.
with candidates as (
    select p.product_id, p.title, p.currency, f.rising_probability, f.falling_probability, f.own_pace_orders, s.status, s.on_hand,
        s.cover_weeks, s.order_units, s.order_by, s.line_cost_cents, d.units as units_4w,
        d.units * coalesce(p.price_cents, 100) as worth_4w
    from products p
    join forecasts f on f.product_id = p.product_id and f.segment = 'all'
    join plan s on s.product_id = p.product_id
    join demand d on d.product_id = p.product_id and d.segment = 'all' and d.weeks = 4 and d.level = 0.5
),
judged as (
    select *, case
            when status = 'snoozed' then null
            when status = 'order now' and order_units > 0 and rising_probability >= falling_probability then 'order'
            when falling_probability >= $worth_saying and cover_weeks >= 8 then 'hold'
            when status not in ('order now', 'enough') and rising_probability >= $worth_saying then 'check'
            when status = 'enough' and rising_probability >= $worth_saying then 'promote'
        end as kind
    from candidates
),
ranks as (
    select *, row_number() over (
        partition by kind
        order by chance >= $likely desc nulls last, chance * worth_4w * uncovered desc nulls last, chance desc nulls last, product_id nulls last
    ) as place
    from (
        select *, case when kind = 'hold' then falling_probability else rising_probability end as chance,
            cast(case when kind = 'order' then greatest(0, 1 - coalesce(cover_weeks, 0) / 4) else 1 end as double) as uncovered
        from judged
        where kind is not null
    )
)
select * exclude (worth_4w, chance, uncovered) from ranks
order by place nulls last, case kind when 'order' then 1 when 'check' then 2 when 'promote' then 3 else 4 end nulls last, product_id nulls last
limit $limit
