-- What does the plan say of each product, by the shop's rules?
select
    s.*, p.title, p.category, p.supplier, p.currency, f.falling_probability, m.markdown_share, m.clear_by,
    o.min_order_cents as supplier_minimum_cents
from suggestions s
join products p on p.product_id = s.product_id
left join forecasts f on f.product_id = s.product_id and f.segment = 'all'
left join markdowns m on m.product_id = s.product_id
left join suppliers o on o.supplier = p.supplier
order by s.product_id nulls last
