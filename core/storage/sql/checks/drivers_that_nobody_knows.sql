-- Some attributions or feature values name an unknown driver.
with named as (
    select distinct 'attributions' as table_name, driver from read_parquet($attributions)
    union all
    select distinct 'feature_values', driver from read_parquet($feature_values)
)
select table_name, driver
from named
where not list_contains($drivers, driver)
