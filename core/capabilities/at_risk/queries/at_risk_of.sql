-- What are the chances of these customers, and are they to be contacted? asked: customer (the shop's own id), customer_id (the pseudonym),
-- line.
select a.customer, r.chance, r.value_cents / 100 as spends_in_90_days, r.at_stake_cents / 100 as at_stake, r.reason, r.last_bought_on, r.orders,
    c.contact, c.channel, c.extra_orders
from asked a
join at_risk_customers r using (customer_id)
left join contact_choices c using (customer_id)
order by a.line nulls last
