-- Some rows name a product that the products table lacks.
with named as (
    select distinct 'forecasts' as table_name, product_id from read_parquet($forecasts)
    union all
    select distinct 'text_attributions', product_id from read_parquet($text_attributions)
    union all
    select distinct 'history', product_id from read_parquet($history)
    union all
    select distinct 'suggestions', product_id from read_parquet($suggestions)
    union all
    select distinct 'markdowns', product_id from read_parquet($markdowns)
    union all
    select distinct 'neighbours', product_id from read_parquet($neighbours)
    union all
    select distinct 'neighbours', neighbour_id from read_parquet($neighbours)
)
select n.table_name, n.product_id
from named as n
anti join read_parquet($products) as p on p.product_id = n.product_id
