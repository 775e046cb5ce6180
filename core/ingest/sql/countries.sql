-- Where do the buyers sit: orders a country, the commonest first? Without countries on order lines, by the customers' $attributes.
with on_the_line as (
    select country, count(*) as orders
    from orders
    where country is not null
    group by country
),

of_the_customer as (
    select value as country, count(*) as orders
    from customers
    where list_contains($attributes::varchar[], attribute) and value is not null
    group by value
),

final as (
    select country, orders from on_the_line
    union all
    select country, orders from of_the_customer
    where not exists (select 1 from on_the_line)
)

select country, orders
from final
order by orders desc nulls last, country nulls last
