-- When did each product sell first and last, at what price, and what is known of it?
-- Products that have a new number, or are kits, are left out. price: the list price, else the mean paid.
with sold as (
    select
        product_id, min(cast(ordered_at as date)) as first_day, max(cast(ordered_at as date)) as last_day, sum(units) as units,
        sum(units * unit_price_cents) / nullif(sum(case when unit_price_cents is not null then units end), 0) as paid_cents
    from orders
    where units > 0
    group by product_id
)

select
    s.product_id, p.title, coalesce(p.brand, '') as brand, coalesce(p.category, '') as category,
    coalesce(cast(p.price_cents as double), s.paid_cents) as price_cents, s.first_day, s.last_day, s.units
from sold as s
inner join products as p on s.product_id = p.product_id
where
    p.title <> p.product_id
    and s.product_id not in (select old_product_id from product_map where coalesce(kind, '') <> 'separate')
    and s.product_id not in (select kit_id from kit_parts)
order by s.product_id nulls last
