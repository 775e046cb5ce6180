-- What to do today, by kind, the best-founded first. Within a kind, likely ones come first, then those with most money at stake
-- (chance x expected units x price; for an order, the part that the stock does not cover; for excess stock, its cost).
--   promote  it rises and there is enough of it, or the shop counts no stock at all
--   order    it rises and stock runs short        check    it rises and its stock can't be reckoned with
--   hold     it falls and there is too much of it, or the shop counts no stock at all
-- Table plan is core.plan.make's: what planners order instead counts, and what they snoozed has been decided.
with candidates as (
    select p.product_id, p.title, p.category, p.image, p.currency, f.rising_probability, f.falling_probability, s.status, s.on_hand,
        s.cover_weeks, s.order_units, s.order_by, s.line_cost_cents, s.excess_cost_cents, s.excess_units, m.markdown_share,
        d.units as units_4w,
        f.own_pace_orders * coalesce(p.units_28d / nullif(p.orders_28d, 0), 1) as own_units, d.units * coalesce(p.price_cents, 100) as worth_4w
    from products p
    join forecasts f on f.product_id = p.product_id and f.segment = 'all'
    join plan s on s.product_id = p.product_id
    join demand d on d.product_id = p.product_id and d.segment = 'all' and d.weeks = 4 and d.level = 0.5
    left join markdowns m on m.product_id = p.product_id
),
judged as (
    select *, case
            when status = 'snoozed' then null
            when status = 'order now' and order_units > 0 and rising_probability >= falling_probability then 'order'
            when falling_probability >= $worth_saying and (cover_weeks >= 8 or not $stock_known) then 'hold'
            when rising_probability < $worth_saying then null
            when status = 'enough' or not $stock_known then 'promote'
            when status <> 'order now' then 'check'
        end as kind
    from candidates
),
ranks as (
    select *, row_number() over (
        partition by kind
        order by chance >= $likely desc nulls last, stake desc nulls last, chance desc nulls last, product_id nulls last
    ) as place
    from (
        select *,
            case when kind = 'hold' then falling_probability else rising_probability end as chance,
            cast(
                case kind
                    when 'order' then rising_probability * worth_4w * greatest(0, 1 - coalesce(cover_weeks, 0) / 4)
                    when 'hold' then falling_probability * coalesce(excess_cost_cents, worth_4w)
                    else rising_probability * worth_4w
                end as double
            ) as stake
        from judged
        where kind is not null
    )
)
select * exclude (worth_4w, chance, stake) from ranks
where place <= $limit
order by case kind when 'promote' then 1 when 'order' then 2 when 'check' then 3 else 4 end nulls last, place nulls last, product_id nulls last
