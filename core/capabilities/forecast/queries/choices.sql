-- What the filters can offer: categories, price range, longest time on sale.
select
    list(distinct category order by category nulls last) filter (where category is not null) as categories,
    min(price_cents) as lowest_price_cents, max(price_cents) as highest_price_cents, max(days_on_sale) as longest_days_on_sale,
    (select list(segment order by segment = 'all' desc nulls last, orders_base desc nulls last, segment nulls last) from segments) as segments,
    (select count(*) from forecasts where previous_rising_probability is not null) > 0 as has_previous
from products
