-- Which products under the filters have no forecast in this segment, and why not? The most recently sold come first.
--   never   it has not sold yet                         new    first sold fewer than $min_age_days days ago
--   quiet   no sale in the last $recent_sale_days days  group  it is forecast, but not for this customer group
--   other   none of these
with sales as (
    select product_id, max(week) filter (where orders > 0) as last_week
    from history
    where segment = 'all'
    group by product_id
),
missing as (
    select p.product_id, p.title, p.category, p.brand, p.supplier, p.first_sold_on, s.last_week,
        case when $segment <> 'all' and p.product_id in (select product_id from forecasts where segment = 'all') then 'group'
            when p.first_sold_on is null then 'never'
            when p.days_on_sale < $min_age_days then 'new'
            when s.last_week is null or s.last_week <= (select max(as_of) from meta) - $recent_sale_days then 'quiet'
            else 'other'
        end as reason
    from products p
    left join sales s on s.product_id = p.product_id
    where p.product_id not in (select product_id from forecasts where segment = $segment)
        and (len($categories) = 0 or list_contains($categories, coalesce(p.category, '')))
        and (len($brands) = 0 or list_contains($brands, coalesce(p.brand, '')))
        and (len($suppliers) = 0 or list_contains($suppliers, coalesce(p.supplier, '')))
        and ($search = '' or contains(lower(p.title), lower($search)) or contains(lower(p.product_id), lower($search)))
)
select *, count(*) over () as matches from missing
order by last_week desc nulls last, product_id nulls last
limit $limit offset $offset
