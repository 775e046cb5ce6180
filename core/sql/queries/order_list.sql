-- What to order, most urgent first.
select s.product_id, p.title, p.category, p.supplier, p.currency, f.rising_probability, s.status, s.on_hand, s.on_order,
    s.inventory_position, s.cover_weeks, s.suggested_order_units, s.order_by, s.order_cost_cents, s.reorder_point,
    s.order_up_to_level, s.safety_stock, s.lead_time_days, s.lead_time_assumed, s.service_level, count(*) over () as matches
from suggestions s
join products p on p.product_id = s.product_id
left join forecasts f on f.product_id = s.product_id and f.segment = 'all'
where ($status = '' or s.status = $status)
    and (len($suppliers) = 0 or list_contains($suppliers, p.supplier))
    and ($search = '' or contains(lower(p.title), lower($search)) or contains(lower(p.product_id), lower($search)))
order by case s.status when 'order now' then 1 when 'enough' then 2 else 3 end, s.order_by nulls last,
    f.rising_probability desc nulls last, s.product_id
limit $limit
