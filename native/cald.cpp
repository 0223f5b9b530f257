// The two steps of the published spherical map (CALD) that visit every triangle. See features/spharm/cald.py.
//
// cald_ratios: where the triangles lie on the sphere, and how large they are against the object. Linear in the triangles.
//
// cald_smooth: vertices one after the other, each to that of four places, on the way to a target, where the worst stretch of its ring is
// least. A vertex whose ring has not changed since it was last tried would stay again and is passed over, so that later sweeps cost
// next to nothing; a place is given up at the first triangle that is worse than the best place known. Both change no result.
//
// The target is that of the shipped runs: the area that belongs to a triangle less the product of its outer corners, for the first two
// triangles of the ring. It was meant as the right-hand side of least squares which then failed without a word.
#include <cmath>

#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr double TINY = 1e-300;

struct Vector {
    double x, y, z;
    double operator[](int axis) const { return axis == 0 ? x : axis == 1 ? y : z; }
};
inline Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vector operator*(double s, Vector a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vector cross(Vector a, Vector b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
inline Vector unit(Vector a) { return (1.0 / std::sqrt(dot(a, a) + TINY)) * a; }
inline double larger(double a, double b) { return a > b ? a : b; }
inline Vector at(const double* points, int64_t i) { return {points[3 * i], points[3 * i + 1], points[3 * i + 2]}; }

// The larger of s and 1 / s over both singular values s of a triangle of the object, as it lies in its own plane, to the sphere.
inline double worst_stretch(const double* frame, Vector p0, Vector p1, Vector p2) {
    const Vector along = (1.0 / frame[0]) * (p1 - p0);
    const Vector across = (1.0 / frame[2]) * ((p2 - p0) - frame[1] * along);
    const double a = dot(along, along), b = dot(across, across), mixed = dot(along, across);
    const double root = std::sqrt((a - b) * (a - b) + 4 * mixed * mixed);
    const double large = (a + b + root) / 2, small = larger((a + b - root) / 2, TINY);
    return std::sqrt(larger(larger(large, 1 / (large + TINY)), larger(small, 1 / small)));
}

struct Ring {
    int64_t degree;
    int32_t vertex[CALD_RING], triangle[CALD_RING];
};

// The ring counter-clockwise from the last listed triangle of the vertex. False if it does not close.
bool walk(const CaldProblem& mesh, int64_t vertex, Ring& ring) {
    const int32_t* corners = mesh.corners + mesh.first[vertex];
    const int64_t degree = mesh.first[vertex + 1] - mesh.first[vertex];
    if (degree < 3 || degree > CALD_RING) return false;
    int64_t slot = degree - 1;
    for (int64_t k = 0; k < degree; ++k) {
        const int32_t triangle = corners[slot] / 3, corner = corners[slot] % 3;
        ring.triangle[k] = triangle;
        ring.vertex[k] = mesh.triangles[3 * triangle + (corner + 1) % 3];
        const int32_t next = mesh.triangles[3 * triangle + (corner + 2) % 3];
        if (next == ring.vertex[0]) {
            ring.degree = degree;
            return k == degree - 1;
        }
        for (slot = 0; slot < degree; ++slot)
            if (mesh.triangles[3 * (corners[slot] / 3) + (corners[slot] % 3 + 1) % 3] == next) break;
        if (slot == degree) return false;
    }
    return false;
}

// The target of a vertex: in its tangent plane, of which the two coordinates after the dominant one of the vertex are solved for.
Vector target(const CaldProblem& mesh, const double* points, const Ring& ring, Vector here) {
    const double size[3] = {std::fabs(here.x), std::fabs(here.y), std::fabs(here.z)};
    const int dropped = size[0] >= size[1] && size[0] >= size[2] ? 0 : size[1] >= size[2] ? 1 : 2;
    const int first = (dropped + 1) % 3, second = (dropped + 2) % 3;
    double x[CALD_RING], y[CALD_RING], on_plane = 0, on_object = 0;
    for (int64_t k = 0; k < ring.degree; ++k) {
        const Vector p = at(points, ring.vertex[k]), projected = p + (1 - dot(p, here)) * here;
        x[k] = projected[first];
        y[k] = projected[second];
    }
    for (int64_t k = 0; k < ring.degree; ++k) {
        const int64_t next = k + 1 < ring.degree ? k + 1 : 0;
        on_plane += (x[k] - here[first]) * (y[next] - here[second]) - (x[next] - here[first]) * (y[k] - here[second]);
        on_object += mesh.shares[ring.triangle[k]];
    }
    double side[2];
    for (int k = 0; k < 2; ++k)
        side[k] = 0.5 * on_plane * mesh.shares[ring.triangle[k]] / on_object - (x[k] * y[k + 1] - x[k + 1] * y[k]);
    double found[3];
    found[first] = side[0];
    found[second] = side[1];
    found[dropped] = (1 - here[first] * side[0] - here[second] * side[1]) / here[dropped];
    return {found[0], found[1], found[2]};
}

// The worst stretch of the ring with its vertex at p; a number above `limit` if it is worse than that or turns a triangle over.
double ring_stretch(const CaldProblem& mesh, const double* points, const Ring& ring, int64_t vertex, Vector p, double limit) {
    double worst = 0;
    for (int64_t k = 0; k < ring.degree; ++k) {
        const Vector a = at(points, ring.vertex[k]), b = at(points, ring.vertex[k + 1 < ring.degree ? k + 1 : 0]);
        if (!(dot(p, cross(a, b)) > 0)) return HUGE_VAL;
        const int32_t* corner = mesh.triangles + 3 * int64_t(ring.triangle[k]);
        const double* frame = mesh.frames + 3 * int64_t(ring.triangle[k]);
        // The corners in the order of the frame.
        const double stretch = corner[0] == vertex   ? worst_stretch(frame, p, a, b)
                               : corner[1] == vertex ? worst_stretch(frame, b, p, a)
                                                     : worst_stretch(frame, a, b, p);
        if (!(stretch < limit)) return HUGE_VAL;
        worst = larger(worst, stretch);
    }
    return worst;
}

}  // namespace

void cald_ratios(const CaldProblem& mesh, const double* points, double* centres, double* ratios) {
    for (int64_t t = 0; t < mesh.n_triangles; ++t) {
        const int32_t* corner = mesh.triangles + 3 * t;
        const Vector a = at(points, corner[0]), b = at(points, corner[1]), c = at(points, corner[2]);
        double area = 2 * std::atan2(dot(a, cross(b, c)), 1 + dot(a, b) + dot(b, c) + dot(c, a));
        if (area < 0) area += 12.566370614359172;
        ratios[t] = area / (12.566370614359172 * mesh.shares[t]);
        const Vector centre = unit(a + b + c);
        centres[3 * t] = centre.x, centres[3 * t + 1] = centre.y, centres[3 * t + 2] = centre.z;
    }
}

int64_t cald_smooth(const CaldProblem& mesh, int64_t sweeps, double* points, uint8_t* waiting) {
    int64_t moves = 0;
    for (int64_t v = 0; v < mesh.n_vertices; ++v) waiting[v] = 1;
    for (int64_t sweep = 0; sweep < sweeps; ++sweep) {
        const int64_t before = moves;
        for (int64_t v = 0; v < mesh.n_vertices; ++v) {
            if (!waiting[v]) continue;
            waiting[v] = 0;
            Ring ring;
            if (!walk(mesh, v, ring)) return -1;
            const Vector here = at(points, v), way = target(mesh, points, ring, here) - here;
            double least = ring_stretch(mesh, points, ring, v, here, HUGE_VAL);
            Vector best = here;
            bool moved = false;
            for (int third = 1; third <= 3; ++third) {
                const Vector p = unit(here + (third / 3.0) * way);
                const double stretch = ring_stretch(mesh, points, ring, v, p, least);
                if (!(stretch < least)) continue;
                least = stretch;
                best = p;
                moved = true;
            }
            if (!moved) continue;
            ++moves;
            points[3 * v] = best.x, points[3 * v + 1] = best.y, points[3 * v + 2] = best.z;
            waiting[v] = 1;
            for (int64_t k = 0; k < ring.degree; ++k) waiting[ring.vertex[k]] = 1;
        }
        if (moves == before) break;
    }
    return moves;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
