// The normal equations of least squares in spherical harmonics: the matrix from a density on a grid, and its Cholesky factor.
//
// A harmonic is a function of latitude times a cosine or sine of longitude, so the products are summed along each ring of latitude
// once per pair of orders, not once per pair of harmonics: 2 M operations at degree 15 instead of 60 M. All sums run in one order,
// vectors hold neighbouring columns: no width of a vector and no number of threads changes a bit.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

// density: (rings, steps) in rings of latitude. waves: (steps, 2 L + 1), cosines of m and sines of -m at each longitude, from
// m = -L. latitudes: (rings, N) the other factor of each of the N = (L + 1)^2 harmonics times the root of the weight of the ring.
// scratch: (2 L + 1) (2 L + 1 + N). products: (N, N), written.
void harmonic_products(const HarmonicGrid& grid, const double* density, double* scratch, double* products) {
    const int64_t L = grid.degree, N = (L + 1) * (L + 1), M = 2 * L + 1;
    double* pairs = scratch;        // (M, M)
    double* weighted = pairs + M * M;  // (M, N)
    for (int64_t p = 0; p < N * N; ++p) products[p] = 0;
    for (int64_t ring = 0; ring < grid.rings; ++ring) {
        for (int64_t p = 0; p < M * M; ++p) pairs[p] = 0;
        for (int64_t step = 0; step < grid.steps; ++step) {
            const double* __restrict wave = grid.waves + step * M;
            const double here = density[ring * grid.steps + step];
            for (int64_t a = 0; a < M; ++a) {
                const double times = here * wave[a];
                double* __restrict to = pairs + a * M;
                for (int64_t b = 0; b < M; ++b) to[b] += times * wave[b];
            }
        }
        const double* __restrict latitude = grid.latitudes + ring * N;
        for (int64_t a = 0; a < M; ++a) {
            double* to = weighted + a * N;
            for (int64_t l = 0; l <= L; ++l) {
                for (int64_t m = -l; m <= l; ++m) to[l * l + l + m] = latitude[l * l + l + m] * pairs[a * M + L + m];
            }
        }
        for (int64_t l = 0; l <= L; ++l) {
            for (int64_t m = -l; m <= l; ++m) {
                const int64_t row = l * l + l + m;
                const double times = latitude[row];
                const double* __restrict from = weighted + (L + m) * N;
                double* __restrict to = products + row * N;
                for (int64_t q = 0; q < N; ++q) to[q] += times * from[q];
            }
        }
    }
}

// Turns a symmetric matrix (n, n) into its upper factor U, A = U' U; below the diagonal stays what was there. Returns the smallest
// over the largest pivot of U, 0 if the matrix is not positive definite.
double cholesky(double* matrix, int64_t n) {
    double smallest = 0, largest = 0;
    for (int64_t k = 0; k < n; ++k) {
        double* __restrict row = matrix + k * n;
        if (!(row[k] > 0)) return 0;
        const double pivot = __builtin_sqrt(row[k]);
        smallest = k == 0 || pivot < smallest ? pivot : smallest;
        largest = pivot > largest ? pivot : largest;
        for (int64_t j = k; j < n; ++j) row[j] /= pivot;
        for (int64_t i = k + 1; i < n; ++i) {
            const double times = row[i];
            double* __restrict below = matrix + i * n;
            for (int64_t j = i; j < n; ++j) below[j] -= times * row[j];
        }
    }
    return smallest / largest;
}

// Solves U' U x = b for the columns of b (n, columns), in place.
void cholesky_solve(const double* factor, int64_t n, int64_t columns, double* b) {
    for (int64_t k = 0; k < n; ++k) {
        for (int64_t c = 0; c < columns; ++c) b[k * columns + c] /= factor[k * n + k];
        for (int64_t i = k + 1; i < n; ++i) {
            for (int64_t c = 0; c < columns; ++c) b[i * columns + c] -= factor[k * n + i] * b[k * columns + c];
        }
    }
    for (int64_t k = n - 1; k >= 0; --k) {
        for (int64_t j = k + 1; j < n; ++j) {
            for (int64_t c = 0; c < columns; ++c) b[k * columns + c] -= factor[k * n + j] * b[j * columns + c];
        }
        for (int64_t c = 0; c < columns; ++c) b[k * columns + c] /= factor[k * n + k];
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
