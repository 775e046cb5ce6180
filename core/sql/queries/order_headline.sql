-- The order in one row.
select count(*) filter (where status = 'order now') as to_order, count(*) filter (where status = 'enough') as enough,
    count(*) filter (where status not in ('order now', 'enough')) as levels_only,
    count(*) filter (where status = 'stock unknown') as unknown,
    sum(order_cost_cents) filter (where status = 'order now') as cost_cents,
    sum(suggested_order_units) filter (where status = 'order now') as units,
    min(order_by) filter (where status = 'order now') as first_order_by,
    count(*) filter (where status = 'order now' and order_by <= (select max(as_of) from meta) + 7) as due_this_week,
    count(*) filter (where lead_time_assumed) as lead_time_assumed, count(*) as products,
    min(service_level) as service_level, min(review_days) as review_days
from suggestions
