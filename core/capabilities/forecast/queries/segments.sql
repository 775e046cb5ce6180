-- Who buys: each segment's size, and how many products will rise there.
select g.segment, g.orders_base, g.products, sum(f.rising_probability) as expected_risers,
    count(*) filter (where f.rising_probability >= $likely) as likely_risers
from segments g join forecasts f using (segment)
group by g.segment, g.orders_base, g.products
order by g.segment = 'all' desc nulls last, g.orders_base desc nulls last, g.segment nulls last
