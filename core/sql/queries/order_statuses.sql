-- How many products each status has: what can be ordered first, then what is known to be wrong.
select status, count(*) as products from suggestions
group by status
order by case status when 'order now' then 1 when 'enough' then 2 when 'stock unknown' then 9 else 3 end, status
