-- What the filters can offer: categories, brands, suppliers, price range, longest time on sale, longest cover of the stock.
select
    list(distinct category order by category nulls last) filter (where category is not null) as categories,
    list(distinct brand order by brand nulls last) filter (where brand is not null) as brands,
    list(distinct supplier order by supplier nulls last) filter (where supplier is not null) as suppliers,
    count(*) filter (where category is null) as without_category, count(*) filter (where brand is null) as without_brand,
    count(*) filter (where supplier is null) as without_supplier,
    (select max(cover_weeks) from suggestions) as longest_cover_weeks,
    min(price_cents) as lowest_price_cents, max(price_cents) as highest_price_cents, max(days_on_sale) as longest_days_on_sale,
    (select list(segment order by segment = 'all' desc nulls last, orders_base desc nulls last, segment nulls last) from segments) as segments,
    (select count(*) from forecasts where previous_rising_probability is not null) > 0 as has_previous
from products
