-- How much attention did a product get in the last 8 weeks: views, carts, searches, ads?
select
    as_of, segment, product_id,
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
    sum(ad_clicks) filter (where age < 28) as ad_clicks_28d
from ranks
where age < 56 and views + carts + wishlists + search_clicks + ad_impressions + ad_clicks > 0
group by as_of, segment, product_id
