-- Why does it rise? Each driver's part of the forecast, strongest first.
select driver, attribution from attributions
where product_id = $product and segment = $segment
order by abs(attribution) desc nulls last, driver nulls last
