-- What is forecast, for other programs: a segment's products, the highest chances first, or one product in every segment.
with expected as (
    select product_id, segment, max(case when level = 0.1 then units end) as units_low, max(case when level = 0.5 then units end) as units,
        max(case when level = 0.9 then units end) as units_high
    from demand
    where weeks = 4 and ($segment is null or segment = $segment) and ($product is null or product_id = $product)
    group by product_id, segment
)
select f.product_id, p.title, f.segment, f.rising_probability, f.falling_probability, e.units_low, e.units, e.units_high
from forecasts f
join products p on p.product_id = f.product_id
left join expected e on e.product_id = f.product_id and e.segment = f.segment
where ($segment is null or f.segment = $segment) and ($product is null or f.product_id = $product)
order by case when $product is null then f.rising_probability end desc nulls last, f.segment = 'all' desc nulls last, f.segment nulls last,
    f.product_id nulls last
limit $limit offset $offset
