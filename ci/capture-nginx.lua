-- What wrk asks for: the shop's pages, the popular ones more often, by browsers and robots.
local agents = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "an \"agent\" with quotes and a \\ backslash",
}
local referrers = {
    "http://shop.example/",
    "http://shop.example/product/1",
    "https://search.example/?q=warm+lamp",
}

function init(arguments)
    math.randomseed(7)
end

-- Milliseconds between two requests of a connection.
function delay()
    return math.random(2, 14)
end

function request()
    local headers = { ["User-Agent"] = agents[math.random(#agents)] }
    if math.random(3) > 1 then headers["Referer"] = referrers[math.random(#referrers)] end
    local draw = math.random(100)
    if draw <= 60 then
        local product = math.random(5) > 1 and math.random(20) or math.random(400)
        return wrk.format("GET", "/product/" .. product, headers)
    elseif draw <= 75 then
        return wrk.format("GET", "/search?q=lamp&page=" .. math.random(9), headers)
    elseif draw <= 80 then
        return wrk.format("POST", "/cart", headers, "sku=" .. math.random(400))
    elseif draw <= 84 then
        return wrk.format("PUT", "/cart/" .. math.random(99), headers, "quantity=2")
    elseif draw <= 86 then
        return wrk.format("DELETE", "/cart/" .. math.random(99), headers)
    elseif draw <= 90 then
        return wrk.format("GET", "/", headers)
    elseif draw <= 93 then
        return wrk.format("GET", "/old/" .. math.random(50), headers)
    elseif draw <= 95 then
        return wrk.format("GET", "/private", headers)
    elseif draw <= 97 then
        return wrk.format("GET", "/broken", headers)
    end
    return wrk.format("GET", "/missing/" .. math.random(1000), headers)
end
