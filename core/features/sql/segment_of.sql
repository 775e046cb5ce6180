-- Which segment does a customer's value belong to at each origin, by what was known then?
-- The largest values with at least $min_orders product-orders in the base window are segments of their own; all others, also those still
-- unseen, are 'other', which alone would be all customers once more.
with value_days as (
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
    select o.as_of, v.value, coalesce(b.interest, 0) as interest,
        row_number() over (
            partition by o.as_of
            order by case when v.value = '' then 1 else 0 end asc nulls last, coalesce(b.interest, 0) desc nulls last, v.value asc nulls last
        ) as place
    from every_origin as o
    cross join every_value as v
    left join base as b on o.as_of = b.as_of and v.value = b.value
),

named as (
    select as_of, value, interest,
        case when value <> '' and interest >= $min_orders and place < $max_segments then value else 'other' end as segment
    from ranked
),

sized as (
    select as_of, segment, sum(interest) as interest
    from named
    group by as_of, segment
),

final as (
    select n.as_of, n.value, n.segment, s.interest as segment_interest
    from named as n
    inner join sized as s on n.as_of = s.as_of and n.segment = s.segment
    where s.interest >= $min_orders
    qualify bool_or(n.segment <> 'other') over (partition by n.as_of)
)

select * from final
