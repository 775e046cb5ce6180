-- How many stored orders does the file repeat, how many of them agree in day, product and lines, and do order numbers start over?
-- Orders whose lines in the file are all returns are left out: those may be dated later than the sale.
with told_days as (
    select order_id, count(distinct cast(ordered_at as date)) as days
    from given
    where units > 0 and order_id is not null
    group by order_id
),

known_days as (
    select order_id, count(distinct cast(ordered_at as date)) as days
    from orders
    where units > 0 and order_id is not null
    group by order_id
)

select
    count(*) as orders,
    count(case when same_day then 1 end) as same_day,
    count(case when same_product then 1 end) as same_product,
    count(case when not same_day and same_lines then 1 end) as redated,
    greatest(
        (select count(case when days > 1 then 1 end) / nullif(count(*), 0) from told_days),
        (select count(case when days > 1 then 1 end) / nullif(count(*), 0) from known_days)
    ) as several_days
from orders_told_again
where sells and not of_this_import
