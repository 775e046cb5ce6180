-- How many units did people want but not get on the days a product was out of stock?
-- One row a product, segment value and day, beside the units sold of `daily`. Sales on such days are demand cut off from above, not
-- demand (Wecker 1978, "Predicting demand from sales data in the presence of stockouts"; Nahmias 1994, "Demand estimation in lost sales
-- inventory systems").
--
--   expected(day) = orders / other orders while in stock * other orders of the shop that day * units an order
--   lost until a day of a spell = the most by which what was expected since the spell began has exceeded what was sold
--
-- The rate is the product's share of the shop's orders on its days in stock among the $base_days before the spell, so that the day's
-- own season, weekday and campaign carry over to what was missed. It counts orders, and a usual order's units are drawn towards the
-- shop's as if ten more of its orders were known: below about ten, one bulk order would be most of the mean.
--
-- A spell lasts from a count that found nothing until the next that found something. A count is believed for 14 days: older stock is
-- not known. What still sells is not lost, and the day it ran out on, which sold what there was, belongs neither to the rate nor to the
-- spell. Nothing is said after $base_days of a spell, when no rate is known any more, nor of a product with less than
-- $min_age_days days in stock before it. Nothing later than the day itself is read, so a day's lost units never change and are
-- known at every origin from that day on.
with shop_days as (
    select day, sum(interest) as orders, sum(units) as units
    from daily
    where units > 0
    group by day
),

product_days as (
    select product_id, day, sum(interest) as orders, sum(units) as units
    from daily
    where units > 0
    group by product_id, day
),

first_sales as (
    select product_id, min(day) as day
    from product_days
    group by product_id
),

day_counts as (
    select product_id, day, min(on_hand) as on_hand
    from stock
    group by product_id, day
),

counts as (
    select product_id, day, on_hand,
        lag(on_hand) over by_day as on_hand_before, lag(day) over by_day as day_before,
        least(day + 14, lead(day) over by_day) as believed_until
    from day_counts
    window by_day as (partition by product_id order by day nulls last)
),

empty_counts as (
    select product_id, day, believed_until,
        max(case when on_hand_before <= 0 and date_diff('day', day_before, day) <= 14 then null else day end)
            over (partition by product_id order by day nulls last rows between unbounded preceding and current row) as from_day
    from counts
    where on_hand <= 0
),

empty_days as (
    select c.product_id, c.from_day, s.day, s.orders as shop_orders, coalesce(p.orders, 0) as orders, coalesce(p.units, 0) as units
    from empty_counts as c
    inner join shop_days as s on s.day >= c.day and s.day < c.believed_until
    left join product_days as p on c.product_id = p.product_id and s.day = p.day
),

spell_days as (
    select *
    from empty_days
    where date_diff('day', from_day, day) < $base_days and not (day = from_day and units > 0)
),

spells as (
    select distinct l.product_id, l.from_day, greatest(f.day, l.from_day - $base_days) as rate_from
    from spell_days as l
    inner join first_sales as f on l.product_id = f.product_id
),

days_before as (
    select l.product_id, l.from_day, s.day, s.orders, s.units
    from spells as l
    inner join shop_days as s on s.day >= l.rate_from and s.day < l.from_day
    left join empty_days as e on l.product_id = e.product_id and s.day = e.day
    where e.day is null
),

shop_before as (
    select product_id, from_day, count(*) as days, sum(orders) as orders, sum(units) as units
    from days_before
    group by product_id, from_day
),

value_before as (
    select b.product_id, b.from_day, d.value, sum(d.interest) as orders, sum(d.units) as units
    from days_before as b
    inner join daily as d on b.product_id = d.product_id and b.day = d.day
    where d.units > 0
    group by b.product_id, b.from_day, d.value
),

product_before as (
    select product_id, from_day, sum(orders) as orders, sum(units) as units
    from value_before
    group by product_id, from_day
),

own_rate as (
    select p.product_id, p.from_day, p.orders,
        p.orders / nullif(s.orders - p.orders, 0) as orders_an_other_order,
        (p.units + 10 * s.units / nullif(s.orders, 0)) / (p.orders + 10) as units_an_order
    from product_before as p
    inner join shop_before as s on p.product_id = s.product_id and p.from_day = s.from_day
    where s.days >= $min_age_days
),

missed as (
    select d.product_id, d.from_day, d.day,
        sum(p.orders_an_other_order * (d.shop_orders - d.orders) * p.units_an_order - d.units) over until_day as units
    from spell_days as d
    inner join own_rate as p on d.product_id = p.product_id and d.from_day = p.from_day
    window until_day as (partition by d.product_id, d.from_day order by d.day nulls last rows between unbounded preceding and current row)
),

lost_until as (
    select product_id, from_day, day, greatest(max(units) over until_day, 0) as units
    from missed
    window until_day as (partition by product_id, from_day order by day nulls last rows between unbounded preceding and current row)
),

lost as (
    select product_id, from_day, day, units - coalesce(lag(units) over (partition by product_id, from_day order by day nulls last), 0) as units
    from lost_until
),

-- In steps of 1/1024: sums of such numbers are exact in any order.
final as (
    select l.product_id, v.value, l.day, floor(l.units * v.orders / nullif(p.orders, 0) * 1024 + 0.5) / 1024 as lost_units
    from lost as l
    inner join own_rate as p on l.product_id = p.product_id and l.from_day = p.from_day
    inner join value_before as v on l.product_id = v.product_id and l.from_day = v.from_day
)

select * from final where lost_units > 0
