-- What did the model see of a product in one segment? The values that reasons name as facts.
select feature, value from segment_values
where product_id = $product and segment = $segment
order by feature nulls last
