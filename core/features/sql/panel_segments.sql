-- Which segments has the panel?
select distinct segment from panel_rows order by segment nulls last
