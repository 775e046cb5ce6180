-- By which attributes can buyers be told apart, the best first? Country before all, then what most customers have. Many numbers, as ages,
-- are no groups.
with attributes as (
    select attribute, count(*) as filled, count(distinct value) as groups, count(*) filter (where try_cast(value as double) is null) as words
    from customers
    where value is not null
    group by attribute
    union all
    select 'country' as attribute, count(country) as filled, count(distinct country) as groups, count(country) as words
    from orders
    union all
    select 'channel' as attribute, 0 as filled, count(distinct channel) as groups, count(channel) as words
    from orders
),

best as (
    select attribute, max(filled) as filled, max(groups) as groups, max(words) as words
    from attributes
    group by attribute
)

select attribute
from best
where groups >= 2 and (groups <= 60 or attribute = 'country') and (groups <= 12 or words > 0)
order by case when attribute = 'country' then 0 else 1 end, filled desc, attribute
