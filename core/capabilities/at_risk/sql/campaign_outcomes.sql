-- How many of the customers that each campaign contacted or held out ordered within $within days (table order_lines)?
-- Campaigns whose days are over; a customer of several contacts counts once, from the first.
with first_contact as (
    select coalesce(campaign, '') as campaign, customer_id, min(cast(contacted_at as date)) as day, bool_or(treated) as treated
    from contacts
    group by coalesce(campaign, ''), customer_id
),

answered as (
    select f.campaign, f.customer_id, f.day, f.treated,
        bool_or(o.day is not null and o.day > f.day and date_diff('day', f.day, o.day) <= $within) as ordered
    from first_contact as f
    left join order_lines as o on f.customer_id = o.customer_id and o.units > 0
    group by f.campaign, f.customer_id, f.day, f.treated
)

select campaign, min(day) as day,
    count(case when treated then 1 end) as contacted,
    count(case when treated and ordered then 1 end) as ordered,
    count(case when not treated then 1 end) as held_out,
    count(case when not treated and ordered then 1 end) as ordered_held_out
from answered
group by campaign
having date_diff('day', max(day), cast($as_of as date)) >= $within
order by day nulls last, campaign nulls last
