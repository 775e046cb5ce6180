-- How was it reviewed, week by week?
select week, reviews, rating, sentiment from review_weeks where product_id = $product order by week nulls last
