-- Some rows of demand, attributions or feature values belong to no forecast.
with rows_of as (
    select distinct 'demand' as table_name, product_id, segment from read_parquet($demand)
    union all
    select distinct 'attributions', product_id, segment from read_parquet($attributions)
    union all
    select distinct 'feature_values', product_id, segment from read_parquet($feature_values)
)
select r.table_name, r.product_id, r.segment
from rows_of as r
anti join read_parquet($forecasts) as f on f.product_id = r.product_id and f.segment = r.segment
