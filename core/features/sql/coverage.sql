-- On which day does each kind of record begin? Before it the shop had no such data, which is not the same as zero.
select
    (select min(day) from daily where views + carts + search_clicks + ad_impressions > 0) as first_event,
    (select min(day) from daily where buyers > 0) as first_buyer,
    (select min(starts_on) from promotions) as first_promotion
