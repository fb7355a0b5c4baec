/* Concordant pairs, by a tree of cumulative weights by rank of the score. */

/* A Fenwick tree over ranks 0..n-1: prefix sums and changes in log(n) steps. */
typedef struct {
    int64_t n;
    double *sums;  /* (n + 1,) */
    double *alone; /* (n,) each rank's own weight */
    double total;
} Tree;

static void change(Tree *tree, int64_t rank, double weight)
{
    tree->total += weight;
    tree->alone[rank] += weight;
    for (int64_t at = rank + 1; at <= tree->n; at += at & -at) tree->sums[at] += weight;
}

static double below(const Tree *tree, int64_t rank)
{
    double s = 0.0;
    for (int64_t at = rank; at > 0; at -= at & -at) s += tree->sums[at];
    return s;
}

/* counts (3,): weights w_i w_j of pairs (event i, row j at risk then that has no event then) with
 * the event's score higher, lower, equal. rank (m,) of each row's score among ranks values;
 * leaving (rows) and leaving_ptr (K + 1,): long rows by the bin at which they are first at risk.
 * Bins are walked backwards in time. */
static int count_pairs(const Panel *panel, const int64_t *rank, const double *weights,
                       const uint8_t *is_event, const int64_t *leaving,
                       const int64_t *leaving_ptr, int64_t ranks, double *counts)
{
    const int64_t *single = panel->single_ptr, *last = panel->long_ptr;
    double *scratch = room(2 * ranks + 1, sizeof *scratch);
    Tree tree = {ranks, scratch, scratch + ranks + 1, 0.0};
    if (!scratch) return -1;
    counts[0] = counts[1] = counts[2] = 0.0;
    for (int64_t k = panel->bins - 1; k >= 0; k--) {
        for (int64_t i = single[k]; i < single[k + 1]; i++)
            if (!is_event[i]) change(&tree, rank[i], weights[i]);
        for (int64_t i = last[k]; i < last[k + 1]; i++)
            if (!is_event[i]) change(&tree, rank[i], weights[i]);
        for (int64_t e = panel->event_ptr[k]; e < panel->event_ptr[k + 1]; e++) {
            int64_t i = panel->event_rows[e];
            double lower = below(&tree, rank[i]), same = tree.alone[rank[i]];
            counts[0] += weights[i] * lower;
            counts[1] += weights[i] * (tree.total - lower - same);
            counts[2] += weights[i] * same;
        }
        for (int64_t i = last[k]; i < last[k + 1]; i++)
            if (is_event[i]) change(&tree, rank[i], weights[i]);
        for (int64_t i = single[k]; i < single[k + 1]; i++)
            if (!is_event[i]) change(&tree, rank[i], -weights[i]);
        for (int64_t at = leaving_ptr[k]; at < leaving_ptr[k + 1]; at++)
            change(&tree, rank[leaving[at]], -weights[leaving[at]]);
    }
    free(scratch);
    return 0;
}
