-- What must a list know of each forecast product (tables scored_products, scored_suggestions)?
-- A product that is known to have nothing on hand is left out. enough: the stock covers the 4 weeks that are expected of all customers.
select p.product_id, p.brand, p.supplier, p.price_cents - p.unit_cost_cents as unit_margin_cents,
    s.cover_weeks, s.cover_weeks >= 4 as enough
from live as l
inner join scored_products as p on l.product_id = p.product_id
left join scored_suggestions as s on l.product_id = s.product_id
where coalesce(s.on_hand, 1) > 0
order by p.product_id nulls last
