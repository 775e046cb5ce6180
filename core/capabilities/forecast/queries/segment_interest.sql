-- Who is interested in what? A group's share of a segment's orders in the base window over its share of everyone's (lift).
-- A group is a category, or a product where the shop names none. A cell with fewer than $few orders has no lift; a row without any
-- cell is left out.
with grouped as (
    select product_id, case when $by_product then product_id else coalesce(category, '') end as grp from products
),
bought as (
    select h.segment, g.grp, sum(h.orders) as orders
    from history h join grouped g using (product_id)
    where h.week > (select max(as_of) from meta) - 56
    group by h.segment, g.grp
),
shared as (
    select segment, grp, orders, sum(orders) over (partition by segment) as segment_orders from bought
),
spread as (
    select grp, count(*) filter (where orders >= $few and segment <> 'all') as cells from shared group by grp
),
biggest as (
    -- What most segments buy enough of, so that few cells stay empty; then what sells most.
    select grp, orders, segment_orders from shared join spread using (grp)
    where segment = 'all' and cells > 0 and grp <> ''
    order by cells desc nulls last, orders desc nulls last, grp nulls last limit $limit
)
select s.segment, s.grp, case when $by_product then p.title else s.grp end as name, s.orders, s.segment_orders,
    case when s.orders >= $few then (s.orders / nullif(s.segment_orders, 0)) / nullif(b.orders / nullif(b.segment_orders, 0), 0) end as lift
from shared s
join biggest b on b.grp = s.grp
left join products p on p.product_id = s.grp
where s.segment <> 'all'
order by b.orders desc nulls last, s.grp nulls last, s.segment_orders desc nulls last, s.segment nulls last
