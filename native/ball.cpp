// Sums of the values in a ball around each voxel of a region.
//
// A ball is a bundle of columns along the fastest axis. Running sums along each line of the box turn the sum over a column into one
// difference, and columns of equal length share it: their running sums are added first. So a voxel costs one addition per column
// instead of one per voxel of the ball: at 1 mm 121 instead of 925. Planes at equal distance before and behind are added first, once for a
// whole plane of centres, which leaves 67. Only the planes and rows that the ball reaches now are kept, in rings that stay in the cache.
// Values are whole numbers, made so by a scale that the caller chooses: their sums are exact in any order, up to 16 stand in a register,
// and running sums may wrap around since only that of a ball has to fit into 32 bits. Cost: about 11 ns per voxel at 1 mm.
#include "lanes.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

typedef uint32_t Sums __attribute__((vector_size(WIDTH * 8), aligned(4), may_alias));
typedef uint8_t Inside __attribute__((vector_size(WIDTH * 2), aligned(1), may_alias));
constexpr double ROUNDER = 6755399441055744.0;  // 1.5 x 2^52: what is added to it is rounded to a whole number
constexpr int64_t LANES = 2 * WIDTH;
constexpr int REGISTERS = WIDTH == 8 ? 4 : 8;  // of a block; half of what there is
constexpr int32_t OUTSIDE = INT32_MIN;

inline Sums load(const uint32_t* from) { return *reinterpret_cast<const Sums*>(from); }
inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// The places of the last planes or rows of n, at least as many as a ball reaches; a power of two, or all.
struct Ring {
    int64_t n = 1, mask;

    Ring(int64_t reach, int64_t all_of_them) {
        while (n < 2 * reach + 1) n *= 2;
        mask = n < all_of_them ? n - 1 : ~int64_t(0);
        n = smaller(n, all_of_them);
    }
    int64_t place(int64_t at) const { return at & mask; }
};

// Running sums of a line, with `reach` cells before it that hold 0 and `reach` after it that hold the total. A value that is not finite
// counts as 0, and with `ones` any other as 1.
void running_sums(const BallProblem& problem, const double* line, uint32_t* __restrict sums) {
    const int64_t n = problem.shape[2], reach = problem.reach;
    for (int64_t k = 0; k <= reach; ++k) sums[k] = 0;
    uint32_t* own = sums + reach + 1;
    Pack x = {};
    for (int64_t k = 0; k < n; k += WIDTH) {
        const int64_t left = smaller(n - k, WIDTH);
        if (left == WIDTH) x = pack(line + k);
        else __builtin_memcpy(&x, line + k, size_t(left) * 8);
        Pack scaled = (x - problem.middle) * problem.scale + ROUNDER - ROUNDER;
        if (problem.ones) scaled = all(1.0);
        scaled = x - x == Pack{} ? scaled : Pack{};
        const PackWhole whole = __builtin_convertvector(scaled, PackWhole);
        if (left == WIDTH) *reinterpret_cast<PackWhole*>(own + k) = whole;
        else __builtin_memcpy(own + k, &whole, size_t(left) * 4);
    }
    uint32_t total = 0;
    for (int64_t k = 0; k < n; ++k) own[k] = total += own[k];
    for (int64_t k = 0; k < reach; ++k) own[n + k] = total;
}

// The sum of two lines, of which either may be missing.
void fold(const uint32_t* low, const uint32_t* high, int64_t n, uint32_t* __restrict to) {
    if (low && high)
        for (int64_t k = 0; k < n; ++k) to[k] = low[k] + high[k];
    else if (low || high)
        __builtin_memcpy(to, low ? low : high, size_t(n) * sizeof(uint32_t));
    else
        __builtin_memset(to, 0, size_t(n) * sizeof(uint32_t));
}

// Adds lines from k on into `together`, N registers of them.
template <int N> inline void add_lines(const uint32_t* const* lines, int64_t n, int64_t k, uint32_t* together) {
    Sums total[N] = {};
    for (int64_t line = 0; line < n; ++line)
        for (int at = 0; at < N; ++at) total[at] += load(lines[line] + k + at * LANES);
    for (int at = 0; at < N; ++at) *reinterpret_cast<Sums*>(together + k + at * LANES) = total[at];
}

}  // namespace

void ball_sums(const BallProblem& problem, uint32_t* scratch, const uint32_t** lines, int32_t* sums) {
    const int64_t n_i = problem.shape[0], n_j = problem.shape[1], n_k = problem.shape[2], reach = problem.reach;
    // Every line begins with a line of the cache.
    scratch += (64 - reinterpret_cast<uintptr_t>(scratch) % 64) % 64 / sizeof(uint32_t);
    const int64_t reach_i = problem.reach_i, stride = (n_k + 2 * reach + 16) / 16 * 16, plane = n_j * stride, length = stride + 64;
    int64_t reach_j = 0;
    for (int64_t c = 0; c < problem.n_columns; ++c)
        if (problem.columns[2 * c + 1] > reach_j) reach_j = problem.columns[2 * c + 1];
    const Ring planes(reach_i, n_i), rows(reach_j, n_j);
    uint32_t* folded = scratch + planes.n * plane;                          // rows of a ring: planes i + d and i - d added, by d
    uint32_t* nothing = folded + rows.n * (reach_i + 1) * stride + length;  // a line outside the box
    uint32_t* together = nothing + length;                                  // (groups, length); blocks reach beyond the end of a line
    for (int64_t k = 0; k < length; ++k) nothing[k] = 0;

    int64_t next_plane = problem.first[0] > reach_i ? problem.first[0] - reach_i : 0;
    for (int64_t own_i = 0; own_i < problem.own[0]; ++own_i) {
        const int64_t i = problem.first[0] + own_i;
        for (; next_plane < n_i && next_plane <= i + reach_i; ++next_plane)
            for (int64_t j = 0; j < n_j; ++j)
                running_sums(problem, problem.values + (next_plane * n_j + j) * n_k,
                             scratch + planes.place(next_plane) * plane + j * stride);
        int64_t next_row = 0;
        for (int64_t own_j = 0; own_j < problem.own[1]; ++own_j) {
            const int64_t row = own_i * problem.own[1] + own_j, j = problem.first[1] + own_j;
            const uint8_t* inside = problem.mask + row * problem.own[2];
            int32_t* __restrict out = sums + row * problem.own[2];
            int64_t begin = 0, end = problem.own[2];
            while (begin < end && !inside[begin]) ++begin;
            while (begin < end && !inside[end - 1]) --end;
            for (int64_t k = 0; k < begin; ++k) out[k] = OUTSIDE;
            for (int64_t k = end; k < problem.own[2]; ++k) out[k] = OUTSIDE;
            if (begin == end) continue;
            if (next_row < j - reach_j) next_row = j - reach_j;
            for (; next_row < n_j && next_row <= j + reach_j; ++next_row)
                for (int64_t d = 0; d <= reach_i; ++d) {
                    const auto in_plane = [&](int64_t at) { return scratch + planes.place(at) * plane + next_row * stride; };
                    const uint32_t* low = i - d >= 0 ? in_plane(i - d) : nullptr;
                    const uint32_t* high = d && i + d < n_i ? in_plane(i + d) : nullptr;
                    fold(low, high, stride, folded + (rows.place(next_row) * (reach_i + 1) + d) * stride);
                }
            for (int64_t c = 0; c < problem.n_columns; ++c) {
                const int64_t d = problem.columns[2 * c], b = j + problem.columns[2 * c + 1];
                lines[c] = b >= 0 && b < n_j ? folded + (rows.place(b) * (reach_i + 1) + d) * stride : nothing;
            }
            const int64_t shift = problem.first[2] + reach;  // of the middle of a column in its line
            for (int64_t g = 0; g < problem.n_groups; ++g) {
                const int64_t *group = problem.groups + 3 * g, n = group[1] - group[0], high = end + shift + group[2] + 1;
                const uint32_t** own = lines + group[0];
                uint32_t* to = together + g * length;
                int64_t k = (begin + shift - group[2]) / LANES * LANES;
                for (; k + REGISTERS * LANES <= high; k += REGISTERS * LANES) add_lines<REGISTERS>(own, n, k, to);
                if (high - k > 4 * LANES) add_lines<REGISTERS>(own, n, k, to);
                else if (high - k > 2 * LANES) add_lines<4>(own, n, k, to);
                else if (high - k > LANES) add_lines<2>(own, n, k, to);
                else if (high > k) add_lines<1>(own, n, k, to);
            }
            // All groups only now: what was just written in another alignment would have to be waited for.
            for (int64_t k = begin; k < end; k += LANES) {
                Sums total = {};
                for (int64_t g = 0; g < problem.n_groups; ++g) {
                    const uint32_t* middle = together + g * length + shift + k;
                    const int64_t half = problem.groups[3 * g + 2];
                    total += load(middle + half + 1) - load(middle - half);
                }
                if (k + LANES <= end) {
                    const Sums there = __builtin_convertvector(*reinterpret_cast<const Inside*>(inside + k), Sums);
                    *reinterpret_cast<Sums*>(out + k) = there != 0 ? total : Sums{} + uint32_t(OUTSIDE);
                } else {
                    for (int64_t lane = 0; k + lane < end; ++lane) out[k + lane] = inside[k + lane] ? int32_t(total[lane]) : OUTSIDE;
                }
            }
        }
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
