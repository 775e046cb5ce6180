-- What is known of each product, under its present number? What its own row lacks, rows of its older numbers fill. Kits are no products.
with counted as (
    select coalesce(n.counts_as, p.product_id) as counts_as, n.product_id is not null as is_older, p.*
    from stored.products as p
    left join counted_as as n on p.product_id = n.product_id and not n.demand
    where not coalesce(n.kit, false)
)

select
    counts_as as product_id,
    coalesce(any_value(nullif(title, product_id) order by is_older nulls last, product_id nulls last), counts_as) as title,
    any_value(description order by is_older nulls last, product_id nulls last) as description,
    any_value(category order by is_older nulls last, product_id nulls last) as category,
    any_value(brand order by is_older nulls last, product_id nulls last) as brand,
    any_value(supplier order by is_older nulls last, product_id nulls last) as supplier,
    any_value(price_cents order by is_older nulls last, product_id nulls last) as price_cents,
    any_value(unit_cost_cents order by is_older nulls last, product_id nulls last) as unit_cost_cents,
    any_value(currency order by is_older nulls last, product_id nulls last) as currency,
    min(launched_on) as launched_on,
    any_value(lead_time_days order by is_older nulls last, product_id nulls last) as lead_time_days,
    any_value(lead_time_sd_days order by is_older nulls last, product_id nulls last) as lead_time_sd_days,
    any_value(moq order by is_older nulls last, product_id nulls last) as moq,
    any_value(pack_size order by is_older nulls last, product_id nulls last) as pack_size,
    any_value(image order by is_older nulls last, product_id nulls last) as image,
    any_value(max_order order by is_older nulls last, product_id nulls last) as max_order,
    any_value(shelf_life_days order by is_older nulls last, product_id nulls last) as shelf_life_days,
    any_value(updated_at order by is_older nulls last, product_id nulls last) as updated_at
from counted
group by counts_as
