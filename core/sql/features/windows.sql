-- What happened to each (origin, segment, product) in windows that end at the origin, inclusive. age 0 is the origin itself.
create or replace temp table windows as
with all_days as (
    select product_id, day,
        sum(interest) as interest, sum(units) as units, sum(returned_units) as returned_units, sum(revenue_cents) as revenue_cents,
        sum(priced_units) as priced_units, sum(discount_cents) as discount_cents, sum(orders) as orders, sum(guest_orders) as guest_orders,
        max(largest_order_units) as largest_order_units, sum(buyers) as buyers, sum(first_buys) as first_buys,
        sum(new_customers) as new_customers, sum(views) as views, sum(carts) as carts, sum(wishlists) as wishlists,
        sum(search_clicks) as search_clicks, sum(ad_impressions) as ad_impressions, sum(ad_clicks) as ad_clicks,
        sum(reviews) as reviews, sum(rated) as rated, sum(rating_sum) as rating_sum, sum(low_ratings) as low_ratings,
        sum(sentiments) as sentiments, sum(sentiment_sum) as sentiment_sum
    from daily
    group by product_id, day
),

placed as (
    select o.as_of, 'all' as segment, d.*, date_diff('day', d.day, o.as_of) as age
    from origin as o
    inner join all_days as d on d.day <= o.as_of and date_diff('day', d.day, o.as_of) < 371
    union all by name
    select s.as_of, s.segment, d.* exclude (value), date_diff('day', d.day, s.as_of) as age
    from origin as o
    inner join segment_of as s on o.as_of = s.as_of
    inner join daily as d on d.value = s.value and d.day <= s.as_of and date_diff('day', d.day, s.as_of) < 371
),

final as (
    select
        as_of, segment, product_id,
        sum(interest) filter (where age < 7) as interest_7d,
        sum(interest) filter (where age < 14) as interest_14d,
        sum(interest) filter (where age < 28) as interest_28d,
        sum(interest) filter (where age < 56) as interest_56d,
        sum(interest) filter (where age < 91) as interest_91d,
        sum(interest) filter (where age < 182) as interest_182d,
        sum(interest) filter (where age < 364) as interest_364d,
        sum(interest) filter (where age >= 336 and age < 364) as interest_year_ago,
        sum(interest) filter (where age >= 308 and age < 336) as interest_year_ago_next,
        count(distinct day) filter (where age < 56 and interest > 0) as active_days_56d,
        min(age) filter (where interest > 0) as days_since_last,
        max(interest) filter (where age < 56) as best_day_56d,
        sum(units) filter (where age < 7) as units_7d,
        sum(units) filter (where age < 28) as units_28d,
        sum(units) filter (where age < 56) as units_56d,
        sum(units) filter (where age >= 364 - 7 and age < 364) as units_year_ago_w1,
        sum(units) filter (where age >= 364 - 14 and age < 364) as units_year_ago_w2,
        sum(units) filter (where age >= 364 - 28 and age < 364) as units_year_ago_w4,
        sum(units) filter (where age >= 364 - 56 and age < 364) as units_year_ago_w8,
        sum(units) filter (where age >= 364 - 91 and age < 364) as units_year_ago_w13,
        sum(returned_units) filter (where age < 91) as returned_units_91d,
        sum(units) filter (where age < 91) as units_91d,
        sum(revenue_cents) filter (where age < 14) as revenue_14d,
        sum(priced_units) filter (where age < 14) as priced_units_14d,
        sum(revenue_cents) filter (where age < 56) as revenue_56d,
        sum(priced_units) filter (where age < 56) as priced_units_56d,
        sum(revenue_cents) filter (where age < 182) as revenue_182d,
        sum(priced_units) filter (where age < 182) as priced_units_182d,
        sum(discount_cents) filter (where age < 14) as discount_14d,
        sum(discount_cents) filter (where age < 56) as discount_56d,
        sum(orders) filter (where age < 28) as orders_28d,
        sum(orders) filter (where age < 56) as orders_56d,
        sum(guest_orders) filter (where age < 56) as guest_orders_56d,
        max(largest_order_units) filter (where age < 56) as largest_order_units_56d,
        sum(buyers) filter (where age < 28) as buyers_28d,
        sum(buyers) filter (where age < 56) as buyers_56d,
        sum(first_buys) filter (where age < 28) as first_buys_28d,
        sum(first_buys) filter (where age < 56) as first_buys_56d,
        sum(new_customers) filter (where age < 56) as new_customers_56d,
        sum(views) filter (where age < 7) as views_7d,
        sum(views) filter (where age < 28) as views_28d,
        sum(views) filter (where age < 56) as views_56d,
        sum(carts) filter (where age < 7) as carts_7d,
        sum(carts) filter (where age < 28) as carts_28d,
        sum(carts) filter (where age < 56) as carts_56d,
        sum(wishlists) filter (where age < 28) as wishlists_28d,
        sum(wishlists) filter (where age < 56) as wishlists_56d,
        sum(search_clicks) filter (where age < 7) as search_clicks_7d,
        sum(search_clicks) filter (where age < 28) as search_clicks_28d,
        sum(search_clicks) filter (where age < 56) as search_clicks_56d,
        sum(ad_impressions) filter (where age < 28) as ad_impressions_28d,
        sum(ad_clicks) filter (where age < 28) as ad_clicks_28d,
        sum(reviews) filter (where age < 28) as reviews_28d,
        sum(reviews) filter (where age < 182) as reviews_182d,
        sum(rated) filter (where age < 42) as rated_42d,
        sum(rating_sum) filter (where age < 42) as rating_sum_42d,
        sum(rated) filter (where age < 364) as rated_364d,
        sum(rating_sum) filter (where age < 364) as rating_sum_364d,
        sum(low_ratings) filter (where age < 182) as low_ratings_182d,
        sum(sentiments) filter (where age < 42) as sentiments_42d,
        sum(sentiment_sum) filter (where age < 42) as sentiment_sum_42d,
        sum(sentiments) filter (where age < 364) as sentiments_364d,
        sum(sentiment_sum) filter (where age < 364) as sentiment_sum_364d
    from placed
    group by as_of, segment, product_id
)

select * from final
