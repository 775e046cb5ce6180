-- On which days did the shop have rows of each possible interest signal, and how many?
select 'orders' as signal, cast(ordered_at as date) as day, count(*) as rows
from orders
where units > 0
group by cast(ordered_at as date)
union all
select case kind when 'view' then 'views' else 'carts' end as signal, cast(occurred_at as date) as day, count(*) as rows
from events
where kind in ('view', 'cart')
group by kind, cast(occurred_at as date)
union all
select 'reviews' as signal, cast(created_at as date) as day, count(*) as rows
from reviews
group by cast(created_at as date)
