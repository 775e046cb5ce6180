-- How many rows has each canonical table, and on which day does it end (null where it has no days, or none yet)?
select 'products' as table_name, count(*) as rows, cast(null as date) as last_day from products
union all
select 'orders' as table_name, count(*) as rows, max(cast(ordered_at as date)) as last_day from orders
union all
select 'events' as table_name, count(*) as rows, max(cast(occurred_at as date)) as last_day from events
union all
select 'reviews' as table_name, count(*) as rows, max(cast(created_at as date)) as last_day from reviews
union all
select 'customers' as table_name, count(*) as rows, cast(null as date) as last_day from customers
union all
select 'stock' as table_name, count(*) as rows, max(day) as last_day from stock
union all
select 'suppliers' as table_name, count(*) as rows, cast(null as date) as last_day from suppliers
union all
select 'deliveries' as table_name, count(*) as rows, cast(null as date) as last_day from deliveries
union all
select 'promotions' as table_name, count(*) as rows, max(starts_on) as last_day from promotions
union all
select 'market' as table_name, count(*) as rows, max(day) as last_day from market
union all
select 'links' as table_name, count(*) as rows, cast(null as date) as last_day from links
union all
select 'product_map' as table_name, count(*) as rows, cast(null as date) as last_day from product_map
union all
select 'kit_parts' as table_name, count(*) as rows, cast(null as date) as last_day from kit_parts
union all
select 'impressions' as table_name, count(*) as rows, max(cast(shown_at as date)) as last_day from impressions
union all
select 'searches' as table_name, count(*) as rows, max(cast(searched_at as date)) as last_day from searches
union all
select 'contacts' as table_name, count(*) as rows, max(cast(contacted_at as date)) as last_day from contacts
order by table_name nulls last
