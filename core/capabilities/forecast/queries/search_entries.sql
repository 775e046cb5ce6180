-- What a search of the shop finds: products with their chance of rising; categories, brands and suppliers with their number of products.
select 'product' as kind, p.product_id as code, p.title as name, coalesce(p.brand, '') as more, f.rising_probability, cast(1 as bigint) as products
from products p left join forecasts f on f.product_id = p.product_id and f.segment = 'all'
union all
select 'category', category, category, '', cast(null as double), count(*) from products where category is not null group by category
union all
select 'brand', brand, brand, '', cast(null as double), count(*) from products where brand is not null group by brand
union all
select 'supplier', supplier, supplier, '', cast(null as double), count(*) from products where supplier is not null group by supplier
