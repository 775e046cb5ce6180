-- How many known customers bought a product in the weeks before the origin, how many for the first time, how many new to the shop?
-- A customer counts once a window, however often they buy in it.
with recent_purchases as (
    select o.as_of, 'all' as segment, p.product_id, p.customer_id, date_diff('day', p.day, o.as_of) as age,
        case when p.day = p.first_day then 1 else 0 end as is_first, case when p.day = p.joined_day then 1 else 0 end as is_new
    from origin as o
    inner join purchases as p on p.day <= o.as_of and date_diff('day', p.day, o.as_of) < 56
    union all
    select s.as_of, s.segment, p.product_id, p.customer_id, date_diff('day', p.day, s.as_of) as age,
        case when p.day = p.first_day then 1 else 0 end as is_first, case when p.day = p.joined_day then 1 else 0 end as is_new
    from origin as o
    inner join segment_of as s on o.as_of = s.as_of
    inner join purchases as p on p.value = s.value and p.day <= s.as_of and date_diff('day', p.day, s.as_of) < 56
)

select
    as_of, segment, product_id,
    count(distinct case when age < 28 then customer_id end) as buyers_28d,
    count(distinct customer_id) as buyers_56d,
    count(distinct case when age < 28 and is_first = 1 then customer_id end) as first_buyers_28d,
    count(distinct case when is_first = 1 then customer_id end) as first_buyers_56d,
    count(distinct case when is_new = 1 then customer_id end) as new_customers_56d
from recent_purchases
group by as_of, segment, product_id
