-- Orders a week of the whole shop, newest last.
select week, sum(orders) as orders, sum(units) as units
from history
where segment = 'all' and week > (select max(as_of) from meta) - 7 * $weeks
group by week
order by week nulls last
