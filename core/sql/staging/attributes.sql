-- By which attributes can buyers be told apart, the best first? Country before all, then what most customers have.
with attributes as (
    select attribute, count(*) as filled, count(distinct value) as groups
    from customers
    where value is not null
    group by attribute
    union all
    select 'country' as attribute, count(country) as filled, count(distinct country) as groups
    from orders
    union all
    select 'channel' as attribute, 0 as filled, count(distinct channel) as groups
    from orders
),

best as (
    select attribute, max(filled) as filled, max(groups) as groups
    from attributes
    group by attribute
)

select attribute
from best
where groups >= 2 and (groups <= 60 or attribute = 'country')
order by case when attribute = 'country' then 0 else 1 end, filled desc, attribute
