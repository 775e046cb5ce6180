-- Which promotions has a product had in the year up to the origin, or is in? A promotion that starts later is not known yet.
-- A day in two promotions counts once. One that began earlier counts as long as it runs.
with spans as (
    select o.as_of, p.product_id, p.starts_on, p.ends_on, p.discount
    from origin as o
    inner join promotions as p on p.starts_on <= o.as_of and date_diff('day', p.ends_on, o.as_of) < 364
),

ages as (
    select unnest(generate_series(0, 27)) as age
),

promotion_days as (
    select s.as_of, s.product_id, count(distinct a.age) as days
    from spans as s
    inner join ages as a on a.age <= date_diff('day', s.starts_on, s.as_of) and a.age >= date_diff('day', s.ends_on, s.as_of)
    group by s.as_of, s.product_id
),

final as (
    select
        s.as_of, s.product_id,
        coalesce(max(d.days), 0) as promo_days_28d,
        max(case when s.ends_on >= s.as_of then 1 else 0 end) as promo_now,
        min(case when s.ends_on < s.as_of then date_diff('day', s.ends_on, s.as_of) end) as days_since_promo,
        max(case when s.ends_on >= s.as_of then s.discount end) as promo_discount,
        max(case when s.ends_on >= s.as_of then date_diff('day', s.as_of, s.ends_on) end) as promo_days_left
    from spans as s
    left join promotion_days as d on s.as_of = d.as_of and s.product_id = d.product_id
    group by s.as_of, s.product_id
)

select * from final
