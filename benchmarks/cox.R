# Times R's survival on the panels written by cox.py; prints one JSON object.
# Arguments: folder, repeats of the single fit, number of refits.
suppressMessages({
  library(survival)
  library(jsonlite)
})
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
repeats <- as.integer(arguments[2])
refits <- as.integer(arguments[3])

read <- function(name, n) readBin(file.path(folder, name), "double", n)
shape <- fromJSON(file.path(folder, "shape.json"))
d <- data.frame(
  start = read("start", shape$n), stop = read("stop", shape$n),
  event = read("event", shape$n), state = read("state", shape$n)
)
X <- matrix(read("X", shape$n * shape$p), shape$n)
colnames(X) <- paste0("x", seq_len(shape$p))
d <- cbind(d, X)
terms <- colnames(X)

clock <- function(run) { # wall and processor seconds
  wall <- as.numeric(Sys.time())
  cpu <- sum(proc.time()[1:2])
  value <- run()
  list(wall = as.numeric(Sys.time()) - wall, cpu = sum(proc.time()[1:2]) - cpu, value = value)
}
middle <- function(runs) {
  list(
    wall = median(sapply(runs, `[[`, "wall")), cpu = median(sapply(runs, `[[`, "cpu")),
    runs = length(runs)
  )
}
whole <- as.formula(paste("Surv(start, stop, event) ~", paste(terms, collapse = " + ")))
full <- function() coxph(whole, data = d, ties = "efron", cluster = state)
bare <- function(X, y, w) {
  agreg.fit(X, y, NULL, NULL, NULL, coxph.control(), w, "efron", NULL, resid = FALSE)
}

first <- full()
y <- Surv(d$start, d$stop, d$event)
out <- list(
  version = R.version.string, survival = as.character(packageVersion("survival")),
  coef = as.numeric(coef(first)), model_se = sqrt(diag(first$naive.var)),
  robust_se = sqrt(diag(first$var)), loglik = first$loglik[2],
  coxph = middle(lapply(seq_len(repeats), function(i) clock(full))),
  agreg = middle(lapply(seq_len(repeats), function(i) clock(function() bare(X, y, NULL))))
)

if (refits > 0) {
  weights <- matrix(read("weights", shape$n_clusters * shape$B), shape$B, byrow = TRUE)
  masks <- matrix(read("masks", shape$p * shape$B), shape$B, byrow = TRUE) == 1
  code <- match(d$state, sort(unique(d$state)))
  draw <- function(b, fit) {
    d$w <- weights[b, code]
    fit(d[d$w > 0, ])
  }
  quiet <- function(expression) suppressWarnings(expression)
  boot <- lapply(seq_len(refits), function(b) clock(function() quiet(draw(b, function(part) {
    as.numeric(coef(coxph(whole, data = part, weights = w, ties = "efron")))
  }))))
  boot_bare <- lapply(seq_len(refits), function(b) {
    w <- weights[b, code]
    keep <- w > 0
    part <- X[keep, ]
    ypart <- y[keep]
    clock(function() quiet(bare(part, ypart, w[keep])$coefficients))
  })
  columns <- lapply(seq_len(refits), function(b) {
    some <- as.formula(paste(
      "Surv(start, stop, event) ~", paste(terms[masks[b, ]], collapse = " + ")
    ))
    clock(function() {
      fit <- quiet(coxph(some, data = d, ties = "efron", cluster = state))
      list(coef = as.numeric(coef(fit)), se = as.numeric(sqrt(diag(fit$var))))
    })
  })
  columns_bare <- lapply(seq_len(refits), function(b) {
    part <- X[, masks[b, ], drop = FALSE]
    clock(function() quiet(bare(part, y, NULL)$coefficients))
  })
  average <- function(runs) {
    list(wall = mean(sapply(runs, `[[`, "wall")), cpu = mean(sapply(runs, `[[`, "cpu")))
  }
  out$boot <- average(boot)
  out$boot_bare <- average(boot_bare)
  out$columns <- average(columns)
  out$columns_bare <- average(columns_bare)
  out$boot_coef <- lapply(boot, `[[`, "value")
  out$columns_coef <- lapply(columns, function(run) run$value$coef)
  out$columns_se <- lapply(columns, function(run) run$value$se)
}
cat(toJSON(out, digits = NA, auto_unbox = TRUE))
