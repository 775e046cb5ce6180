-- Which orders of the file are stored already, and how do its lines compare with the stored ones?
-- A unit is an order, or with $daily an order number on one day: tills may begin their receipts anew each morning. Purchases in logs
-- are no orders that a newer export could correct. same_lines: one side has no product and quantity that the other one lacks.
with told as (
    select
        order_id, case when $daily then concat(order_id, '@', cast(ordered_at as date)) else order_id end as unit,
        cast(ordered_at as date) as day, product_id, units
    from given
    where order_id in (select order_id from orders) and not starts_with(order_id, $purchase)
),

told_units as (
    select unit, order_id, max(case when units > 0 then 1 else 0 end) as sells
    from told
    group by unit, order_id
),

known as (
    select
        o.order_id, case when $daily then concat(o.order_id, '@', cast(o.ordered_at as date)) else o.order_id end as unit,
        cast(o.ordered_at as date) as day, o.product_id, o.units
    from orders as o
    semi join told as t on o.order_id = t.order_id
),

same_days as (
    select distinct t.unit
    from told as t
    inner join known as k on t.unit = k.unit and t.day = k.day
),

same_products as (
    select distinct t.unit
    from told as t
    inner join known as k on t.unit = k.unit and t.product_id = k.product_id
),

told_lines as (
    select distinct unit, product_id, units from told
),

known_lines as (
    select distinct unit, product_id, units from known
),

in_both as (
    select t.unit, count(*) as in_both
    from told_lines as t
    inner join known_lines as k on t.unit = k.unit and t.product_id = k.product_id and t.units = k.units
    group by t.unit
),

told_sizes as (
    select unit, count(*) as in_file from told_lines group by unit
),

known_sizes as (
    select unit, count(*) as in_warehouse from known_lines group by unit
),

earlier as (
    select distinct case when $daily then concat(order_id, '@', day) else order_id end as unit
    from imported_orders
)

select
    u.unit, u.order_id, u.sells = 1 as sells,
    d.unit is not null as same_day,
    p.unit is not null as same_product,
    coalesce(b.in_both, 0) as in_both,
    coalesce(b.in_both, 0) = least(s.in_file, k.in_warehouse) as same_lines,
    e.unit is not null as of_this_import
from told_units as u
inner join known_sizes as k on u.unit = k.unit
inner join told_sizes as s on u.unit = s.unit
left join same_days as d on u.unit = d.unit
left join same_products as p on u.unit = p.unit
left join in_both as b on u.unit = b.unit
left join earlier as e on u.unit = e.unit
