-- Three million real flights (package vega-datasets).
SELECT count(*), avg(delay), max(distance) FROM flights;
SELECT origin, count(*) AS n, avg(delay) AS late FROM flights GROUP BY origin ORDER BY n DESC, origin LIMIT 10;
SELECT origin, destination, count(*) AS n FROM flights GROUP BY origin, destination ORDER BY n DESC, origin, destination LIMIT 10;
SELECT count(*) FROM flights WHERE delay > 60;
SELECT origin, max(delay) AS d FROM flights WHERE distance > 2000 GROUP BY origin ORDER BY d DESC, origin LIMIT 10;
SELECT count(DISTINCT origin), count(DISTINCT destination) FROM flights;
