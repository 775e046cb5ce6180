-- The earliest day that imports have changed since the last build. A change of customers' values reaches every day.
select min(case when table_name = 'customers' then date '1900-01-01' else first_day end) as first_day
from touched
where table_name in ('orders', 'events', 'reviews', 'customers')
