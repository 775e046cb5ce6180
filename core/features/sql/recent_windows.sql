-- What was ordered in the last 13 weeks: how often, how much, at what price?
select
    as_of, segment, product_id,
    sum(interest) filter (where age < 7) as interest_7d,
    sum(interest) filter (where age < 14) as interest_14d,
    sum(interest) filter (where age < 28) as interest_28d,
    sum(interest) filter (where age < 56) as interest_56d,
    sum(interest) filter (where age < 91) as interest_91d,
    count(*) filter (where age < 56 and interest > 0) as active_days_56d,
    max(interest) filter (where age < 56) as best_day_56d,
    sum(units) filter (where age < 7) as units_7d,
    sum(units) filter (where age < 28) as units_28d,
    sum(units) filter (where age < 56) as units_56d,
    sum(units + lost_units) filter (where age < 56) as wanted_56d,
    sum(returned_units) filter (where age < 91) as returned_units_91d,
    sum(units) filter (where age < 91) as units_91d,
    sum(revenue_cents) filter (where age < 14) as revenue_14d,
    sum(priced_units) filter (where age < 14) as priced_units_14d,
    sum(revenue_cents) filter (where age < 56) as revenue_56d,
    sum(priced_units) filter (where age < 56) as priced_units_56d,
    sum(discount_cents) filter (where age < 14) as discount_14d,
    sum(discount_cents) filter (where age < 56) as discount_56d,
    sum(orders) filter (where age < 28) as orders_28d,
    sum(orders) filter (where age < 56) as orders_56d,
    sum(guest_orders) filter (where age < 56) as guest_orders_56d,
    max(largest_order_units) filter (where age < 56) as largest_order_units_56d
from ranks
where age < 91
group by as_of, segment, product_id
