-- Which is the earliest day that imports have changed since the last build?
select min(first_day) as first_day
from touched
where table_name in ('orders', 'events', 'reviews', 'customers')
