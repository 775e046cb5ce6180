-- Which segment does a customer's value belong to at each origin, by what was known then?
-- The largest values with at least $min_orders product-orders and $min_customers customers in the base window are segments of their own;
-- all others, also those still unseen, are 'other', which alone would be all customers once more. An order, event or review without a
-- customer's id counts as a customer of its own, so that shops without ids keep segments by country or channel.
with customer_value as (
    select customer_id, min(value) as value
    from customers
    where attribute = $attribute
    group by customer_id
),

customer_days as (
    select
        cast(o.ordered_at as date) as day,
        coalesce(case when $attribute = 'country' then o.country when $attribute = 'channel' then o.channel end, c.value, '') as value,
        case
            when o.customer_id is not null then o.customer_id
            when o.order_id is not null then concat('order ', o.order_id, ' ', cast(cast(o.ordered_at as date) as varchar))
        end as customer,
        case when o.customer_id is null and o.order_id is null then o.order_count else 0 end as unnamed
    from orders as o
    left join customer_value as c on o.customer_id = c.customer_id
    where $signal = 'orders' and o.units > 0
    union all
    select cast(e.occurred_at as date) as day, coalesce(c.value, '') as value, coalesce(e.customer_id, e.visitor_id) as customer,
        case when e.customer_id is null and e.visitor_id is null then 1 else 0 end as unnamed
    from events as e
    left join customer_value as c on e.customer_id = c.customer_id
    where $signal in ('views', 'carts')
    union all
    select cast(r.created_at as date) as day, coalesce(c.value, '') as value, r.customer_id as customer,
        case when r.customer_id is null then 1 else 0 end as unnamed
    from reviews as r
    left join customer_value as c on r.customer_id = c.customer_id
    where $signal = 'reviews'
),

customers_of_days as (
    select day, value, customer, sum(unnamed) as unnamed
    from customer_days
    group by day, value, customer
),

base_customers as (
    select o.as_of, d.value, d.customer, sum(d.unnamed) as unnamed
    from every_origin as o
    inner join customers_of_days as d on d.day <= o.as_of and date_diff('day', d.day, o.as_of) < $base_days
    group by o.as_of, d.value, d.customer
),

value_customers as (
    select as_of, value, count(customer) + sum(unnamed) as customers
    from base_customers
    group by as_of, value
),

value_days as (
    select value, day, sum(interest) as interest
    from daily
    where interest > 0
    group by value, day
),

every_value as (
    select distinct value
    from value_days
    where $attribute <> ''
),

base as (
    select o.as_of, v.value, sum(v.interest) as interest
    from every_origin as o
    inner join value_days as v on v.day <= o.as_of and date_diff('day', v.day, o.as_of) < $base_days
    group by o.as_of, v.value
),

ranked as (
    select o.as_of, v.value, coalesce(b.interest, 0) as interest, coalesce(n.customers, 0) as customers,
        row_number() over (
            partition by o.as_of
            order by case when v.value = '' then 1 else 0 end asc nulls last, coalesce(b.interest, 0) desc nulls last, v.value asc nulls last
        ) as place
    from every_origin as o
    cross join every_value as v
    left join base as b on o.as_of = b.as_of and v.value = b.value
    left join value_customers as n on o.as_of = n.as_of and v.value = n.value
),

named as (
    select as_of, value, interest,
        case
            when value <> '' and interest >= $min_orders and customers >= $min_customers and place < $max_segments then value
            else 'other'
        end as segment
    from ranked
),

sized as (
    select as_of, segment, sum(interest) as interest
    from named
    group by as_of, segment
),

segment_customers as (
    select n.as_of, n.segment, count(distinct c.customer) + coalesce(sum(c.unnamed), 0) as customers
    from named as n
    left join base_customers as c on n.as_of = c.as_of and n.value = c.value
    group by n.as_of, n.segment
),

final as (
    select n.as_of, n.value, n.segment, s.interest as segment_interest
    from named as n
    inner join sized as s on n.as_of = s.as_of and n.segment = s.segment
    inner join segment_customers as c on n.as_of = c.as_of and n.segment = c.segment
    where s.interest >= $min_orders and c.customers >= $min_customers
    qualify bool_or(n.segment <> 'other') over (partition by n.as_of)
)

select * from final
