// A bijective, area-balancing map of a closed genus-0 triangle mesh onto the unit sphere.
//
// The map is the minimum of an energy over positions on the sphere, summed over triangles:
//     m [ shape (D / V - 1) + (V / v + v / V) / 2 - 1 ]
// m: share of the object's area; v: the value of V that keeps that share; V = p0 . (p1 x p2), twice the area on the sphere; D: the
// Dirichlet energy of the triangle with the object's cotangents, so that D / V is 1 where angles are kept and more elsewhere. Both
// terms grow without bound as V falls to 0: no triangle turns over, and a map without turned triangles is bijective.
//
// Coarse to fine (Praun & Hoppe 2003): vertices are taken away in independent sets until a tetrahedron is left; they come back in
// reverse, each into the kernel of its ring. Every level is relaxed by Newton steps of single vertices (with the neighbours fixed
// the energy is convex in a vertex), and whenever the vertices have doubled by Newton steps of the whole level: conjugate gradients
// on the convex part of the Hessian. The levels themselves make its preconditioner (Bramble, Pasciak & Xu 1990), so the number of
// iterations does not grow with the mesh and the map settles in the same minimum wherever it starts. Cost: linear in the vertices;
// every loop is bounded, every sum has a fixed order.
#include <cmath>

#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr int64_t CAPACITY = SPHERE_RING;
constexpr double TINY = 1e-300;
constexpr double SHAPE = 0.2;        // weight of the angles against the areas
constexpr int SMOOTHING = 6;         // steps that take the stairs off the object before its angles are measured
constexpr int SWEEPS = 4;            // single-vertex sweeps before the Newton steps of a level
constexpr double NEWTON_WORK = 3e4;  // vertices times Newton steps of a level, within the next two numbers
constexpr double FEWEST_STEPS = 3, MOST_STEPS = 10;
constexpr double SETTLED = 1e-9;  // ends a level: mean squared step over the area of a ring
constexpr int MOST_ITERATIONS = 40;  // of conjugate gradients in a Newton step
constexpr double ACCURACY = 0.03;    // of a Newton step

struct Vector {
    double x, y, z;
};
inline Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vector operator*(double s, Vector a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vector cross(Vector a, Vector b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
inline Vector unit(Vector a) { return (1.0 / std::sqrt(dot(a, a) + TINY)) * a; }
inline double smaller(double a, double b) { return a < b ? a : b; }
inline double larger(double a, double b) { return a > b ? a : b; }

struct Mesh {
    int64_t n;
    const double* position;  // (n, 3) of the object
    double* mass;            // (n,) share of the object's area; sums to 1
    double* point;           // (n, 3) on the sphere
    int32_t* ring;           // (n, CAPACITY) neighbours, counter-clockwise seen from outside
    int32_t* degree;         // (n,)
    int32_t* target;         // (n,) the neighbour into which a vertex was collapsed
    int32_t* removed;        // (n,) removed vertices in order
    int32_t* lock;           // (n,) the pass in which a vertex may not be removed
    int32_t* level;          // (n,) the pass in which a vertex was removed; -1 while it is there

    Vector at(int64_t i) const { return {position[3 * i], position[3 * i + 1], position[3 * i + 2]}; }
    Vector on(int64_t i) const { return {point[3 * i], point[3 * i + 1], point[3 * i + 2]}; }
    void put(int64_t i, Vector p) {
        point[3 * i] = p.x;
        point[3 * i + 1] = p.y;
        point[3 * i + 2] = p.z;
    }
    int32_t* around(int64_t i) const { return ring + i * CAPACITY; }
    int64_t find(int64_t i, int32_t neighbour) const {
        const int32_t* r = around(i);
        for (int64_t k = 0; k < degree[i]; ++k)
            if (r[k] == neighbour) return k;
        return -1;
    }
    void erase(int64_t i, int64_t slot) {
        int32_t* r = around(i);
        for (int64_t k = slot; k + 1 < degree[i]; ++k) r[k] = r[k + 1];
        --degree[i];
    }
    void insert(int64_t i, int64_t slot, int32_t vertex) {
        int32_t* r = around(i);
        for (int64_t k = degree[i]; k > slot; --k) r[k] = r[k - 1];
        r[slot] = vertex;
        ++degree[i];
    }
};

// Positions without the stairs of the voxels: each step moves a vertex halfway to the mean of its neighbours.
void smooth(const SphereProblem& problem, double* position, double* sums) {
    const int64_t n = problem.n_vertices;
    for (int64_t i = 0; i < 3 * n; ++i) position[i] = problem.vertices[i];
    for (int step = 0; step < SMOOTHING; ++step) {
        for (int64_t i = 0; i < 4 * n; ++i) sums[i] = 0;
        for (int64_t k = 0; k < problem.n_quads; ++k) {
            const int32_t* q = problem.quads + 4 * k;
            for (int corner = 0; corner < 4; ++corner) {
                const double *before = position + 3 * q[(corner + 3) % 4], *after = position + 3 * q[(corner + 1) % 4];
                double* sum = sums + 4 * q[corner];
                for (int axis = 0; axis < 3; ++axis) sum[axis] += before[axis] + after[axis];
                sum[3] += 2;
            }
        }
        for (int64_t i = 0; i < n; ++i)
            for (int axis = 0; axis < 3; ++axis)
                position[3 * i + axis] = 0.5 * (position[3 * i + axis] + sums[4 * i + axis] / sums[4 * i + 3]);
    }
}

// Splits squares along their shorter diagonal, and gives every vertex a quarter of the area of its squares. Returns the area.
double split(const SphereProblem& problem, Mesh& mesh, int32_t* triangles) {
    double total = 0;
    for (int64_t i = 0; i < mesh.n; ++i) mesh.mass[i] = 0;
    for (int64_t k = 0; k < problem.n_quads; ++k) {
        const int32_t* q = problem.quads + 4 * k;
        Vector corner[4];
        for (int c = 0; c < 4; ++c) {
            const double* v = problem.vertices + 3 * int64_t(q[c]);
            corner[c] = {v[0], v[1], v[2]};
        }
        const Vector normal = cross(corner[1] - corner[0], corner[3] - corner[0]);
        const double area = std::sqrt(dot(normal, normal));
        for (int c = 0; c < 4; ++c) mesh.mass[q[c]] += 0.25 * area;
        total += area;
        const Vector first = mesh.at(q[2]) - mesh.at(q[0]), second = mesh.at(q[3]) - mesh.at(q[1]);
        const bool turn = (dot(first, first) > dot(second, second)) != problem.long_diagonals;
        int32_t* t = triangles + 6 * k;
        for (int c = 0; c < 3; ++c) {
            t[c] = q[(turn + c) % 4];
            t[3 + c] = q[(turn + 2 + c) % 4];
        }
    }
    for (int64_t i = 0; i < mesh.n; ++i) mesh.mass[i] /= total;
    return total;
}

// Links the triangles around every vertex into one cycle. False if the surface is not closed or has a pinched vertex.
bool link_rings(Mesh& mesh, const int32_t* triangles, int64_t n_triangles) {
    for (int64_t i = 0; i < mesh.n; ++i) mesh.degree[i] = 0;
    // First as pairs (next, after) of each corner, then put into order. `target` counts the pairs.
    int32_t* pairs = mesh.ring;
    for (int64_t t = 0; t < n_triangles; ++t) {
        for (int corner = 0; corner < 3; ++corner) {
            const int32_t i = triangles[3 * t + corner];
            if (mesh.degree[i] + 2 > CAPACITY) return false;
            int32_t* p = pairs + i * CAPACITY + mesh.degree[i];
            p[0] = triangles[3 * t + (corner + 1) % 3];
            p[1] = triangles[3 * t + (corner + 2) % 3];
            mesh.degree[i] += 2;
        }
    }
    for (int64_t i = 0; i < mesh.n; ++i) {
        const int64_t n_pairs = mesh.degree[i] / 2;
        int32_t* p = mesh.around(i);
        int32_t ordered[CAPACITY];
        if (n_pairs < 3) return false;
        int32_t now = p[0];
        for (int64_t k = 0; k < n_pairs; ++k) {
            ordered[k] = now;
            int64_t slot = 0;
            while (slot < n_pairs && p[2 * slot] != now) ++slot;
            if (slot == n_pairs) return false;
            now = p[2 * slot + 1];
            if ((now == p[0]) != (k == n_pairs - 1)) return false;
        }
        for (int64_t k = 0; k < n_pairs; ++k) p[k] = ordered[k];
        mesh.degree[i] = int32_t(n_pairs);
    }
    return true;
}

// 1 for an equilateral triangle, 0 for a degenerate one.
double quality(Vector a, Vector b, Vector c) {
    const Vector u = b - a, v = c - a, w = c - b;
    const Vector normal = cross(u, v);
    return 3.4641016151377544 * std::sqrt(dot(normal, normal)) / (dot(u, u) + dot(v, v) + dot(w, w) + TINY);
}

// The neighbour into which a vertex can be collapsed with the best triangles, or -1.
int64_t best_collapse(const Mesh& mesh, int64_t u, int64_t largest_degree, double& best_quality) {
    const int64_t d = mesh.degree[u];
    const int32_t* r = mesh.around(u);
    int64_t best = -1;
    best_quality = -1;
    for (int64_t s = 0; s < d; ++s) {
        const int32_t w = r[s];
        if (mesh.degree[w] + d - 4 > largest_degree) continue;
        bool allowed = true;
        double worst = 2;
        for (int64_t k = 2; k + 1 < d && allowed; ++k) allowed = mesh.find(w, r[(s + k) % d]) < 0;
        if (!allowed) continue;
        for (int64_t k = 1; k + 1 < d; ++k)
            worst = smaller(worst, quality(mesh.at(w), mesh.at(r[(s + k) % d]), mesh.at(r[(s + k + 1) % d])));
        if (worst > best_quality) {
            best_quality = worst;
            best = s;
        }
    }
    return best;
}

void collapse(Mesh& mesh, int32_t u, int64_t slot) {
    const int64_t d = mesh.degree[u];
    int32_t* r = mesh.around(u);
    int32_t turned[CAPACITY];
    for (int64_t k = 0; k < d; ++k) turned[k] = r[(slot + k) % d];
    for (int64_t k = 0; k < d; ++k) r[k] = turned[k];
    const int32_t w = r[0];
    mesh.target[u] = w;
    int64_t at = mesh.find(w, u);
    mesh.erase(w, at);
    for (int64_t k = 2; k + 1 < d; ++k) mesh.insert(w, at++, r[k]);
    mesh.erase(r[1], mesh.find(r[1], u));
    mesh.erase(r[d - 1], mesh.find(r[d - 1], u));
    for (int64_t k = 2; k + 1 < d; ++k) mesh.around(r[k])[mesh.find(r[k], u)] = w;
    for (int64_t k = 0; k < d; ++k) mesh.mass[r[k]] += mesh.mass[u] / double(d);
}

void expand(Mesh& mesh, int32_t u) {
    const int64_t d = mesh.degree[u];
    const int32_t* r = mesh.around(u);
    const int32_t w = r[0];
    for (int64_t k = 0; k < d; ++k) mesh.mass[r[k]] -= mesh.mass[u] / double(d);
    for (int64_t k = 2; k + 1 < d; ++k) mesh.around(r[k])[mesh.find(r[k], w)] = u;
    mesh.insert(r[1], mesh.find(r[1], w), u);           // ..., r[2], u, w
    mesh.insert(r[d - 1], mesh.find(r[d - 1], w) + 1, u);  // w, u, r[d - 2], ...
    for (int64_t k = 2; k + 1 < d; ++k) mesh.erase(w, mesh.find(w, r[k]));
    mesh.insert(w, mesh.find(w, r[1]) + 1, u);
}

double volume(Vector a, Vector b, Vector c) { return dot(a, cross(b, c)); }

// Puts a vertex back inside its ring, where it sees every side from the left.
bool place(Mesh& mesh, int32_t u) {
    const int64_t d = mesh.degree[u];
    const int32_t* r = mesh.around(u);
    const Vector w = mesh.on(r[0]);
    Vector sum{0, 0, 0};
    for (int64_t k = 0; k < d; ++k) sum = sum + mesh.on(r[k]);
    const Vector left = unit(cross(w, mesh.on(r[1]))), right = unit(cross(mesh.on(r[d - 1]), w));
    const Vector aims[2] = {unit(sum), unit(w + unit(left + right))};
    for (int attempt = 0; attempt < 120; ++attempt) {
        const double share = std::ldexp(1.0, -(attempt / 2));
        const Vector p = unit((1 - share) * w + share * aims[attempt % 2]);
        bool inside = true;
        for (int64_t k = 0; k < d && inside; ++k) inside = volume(p, mesh.on(r[k]), mesh.on(r[(k + 1) % d])) > 0;
        if (inside) {
            mesh.put(u, p);
            return true;
        }
    }
    return false;
}

// One level as flat arrays: the vertices, their rings and the constants of their triangles.
struct Level {
    int64_t n;
    int32_t* vertex;   // (n,)
    int32_t* first;    // (n + 1,)
    int32_t* ring;     // (sum of degrees,)
    double* constants;  // (sum of degrees, 4): cotangents at the vertex, the neighbour, the next neighbour; mass
};

// The share of a triangle is made up of those of its corners; on the last level, where `vertices` are given, it is its own.
void build_level(const Mesh& mesh, Level& level, const double* vertices, double total) {
    auto corner = [vertices](int64_t i) { return Vector{vertices[3 * i], vertices[3 * i + 1], vertices[3 * i + 2]}; };
    int64_t slots = 0;
    level.n = 0;
    for (int64_t i = 0; i < mesh.n; ++i) {
        if (mesh.level[i] >= 0) continue;
        level.vertex[level.n] = int32_t(i);
        level.first[level.n++] = int32_t(slots);
        const int64_t d = mesh.degree[i];
        const int32_t* r = mesh.around(i);
        const Vector a = mesh.at(i);
        for (int64_t k = 0; k < d; ++k) {
            const int32_t j = r[k], h = r[(k + 1) % d];
            const Vector b = mesh.at(j), c = mesh.at(h);
            const Vector ab = b - a, ac = c - a, bc = c - b;
            const Vector normal = cross(ab, ac);
            const double longest = larger(dot(ab, ab), larger(dot(ac, ac), dot(bc, bc)));
            const double area = larger(std::sqrt(dot(normal, normal)), 0.05 * longest + TINY);
            double* c4 = level.constants + 4 * slots;
            c4[0] = dot(ab, ac) / area;
            c4[1] = -dot(ab, bc) / area;
            c4[2] = dot(ac, bc) / area;
            c4[3] = mesh.mass[i] / double(d) + mesh.mass[j] / double(mesh.degree[j]) + mesh.mass[h] / double(mesh.degree[h]);
            if (vertices) {
                const Vector own = cross(corner(j) - corner(i), corner(h) - corner(i));
                c4[3] = 0.5 * std::sqrt(dot(own, own)) / total;
            }
            level.ring[slots++] = j;
        }
    }
    level.first[level.n] = int32_t(slots);
}

// Energy of the ring of a vertex at p, or a negative value if a triangle is turned over.
double ring_energy(const Mesh& mesh, const Level& level, int64_t item, Vector p) {
    const int64_t begin = level.first[item], end = level.first[item + 1];
    double sum = 0;
    Vector b = mesh.on(level.ring[end - 1]);
    for (int64_t k = begin; k < end; ++k) {
        const int64_t slot = k == begin ? end - 1 : k - 1;
        const Vector c = mesh.on(level.ring[k]);
        const double* c4 = level.constants + 4 * slot;
        const double v = c4[3] * 25.132741228718345;
        const double now = dot(p, cross(b, c));
        if (!(now > 1e-3 * smaller(v, 1.0) * 1e-9)) return -1;
        const double stretch = c4[0] * (1 - dot(b, c)) + c4[1] * (1 - dot(p, c)) + c4[2] * (1 - dot(p, b));
        sum += c4[3] * (SHAPE * stretch + 0.5 * v) / now + c4[3] * 0.5 * now / v;
        b = c;
    }
    return sum;
}

// One Newton step of one vertex; returns the squared length of the step over the area of its ring.
double relax_vertex(Mesh& mesh, const Level& level, int64_t item) {
    const int64_t begin = level.first[item], end = level.first[item + 1];
    const int64_t i = level.vertex[item];
    const Vector p = mesh.on(i);
    // Tangent frame at p.
    const double ax = std::fabs(p.x), ay = std::fabs(p.y), az = std::fabs(p.z);
    const Vector axis = ax <= ay && ax <= az ? Vector{1, 0, 0} : ay <= az ? Vector{0, 1, 0} : Vector{0, 0, 1};
    const Vector e1 = unit(cross(p, axis)), e2 = cross(p, e1);
    double energy = 0, g1 = 0, g2 = 0, h11 = 0, h12 = 0, h22 = 0, radial = 0, ring_area = 0;
    Vector b = mesh.on(level.ring[end - 1]);
    for (int64_t k = begin; k < end; ++k) {
        const int64_t slot = k == begin ? end - 1 : k - 1;
        const Vector c = mesh.on(level.ring[k]);
        const double* c4 = level.constants + 4 * slot;
        const double m = c4[3], v = m * 25.132741228718345;
        const Vector normal = cross(b, c);
        const double now = dot(p, normal), inverse = 1.0 / now;
        const double pb = dot(p, b), pc = dot(p, c);
        const double stretch = c4[0] * (1 - dot(b, c)) + c4[1] * (1 - pc) + c4[2] * (1 - pb);
        const double top = m * (SHAPE * stretch + 0.5 * v), grow = 0.5 * m / v;
        energy += top * inverse + grow * now;
        // Gradients of the numerator and of V in the frame.
        const double s = -m * SHAPE;
        const double t1 = s * (c4[1] * dot(e1, c) + c4[2] * dot(e1, b)), t2 = s * (c4[1] * dot(e2, c) + c4[2] * dot(e2, b));
        const double n1 = dot(e1, normal), n2 = dot(e2, normal);
        const double slope = grow - top * inverse * inverse, cross_term = -inverse * inverse;
        const double bend = 2 * top * inverse * inverse * inverse;
        g1 += t1 * inverse + slope * n1;
        g2 += t2 * inverse + slope * n2;
        radial += s * (c4[1] * pc + c4[2] * pb) * inverse + slope * now;
        h11 += cross_term * 2 * t1 * n1 + bend * n1 * n1;
        h12 += cross_term * (t1 * n2 + t2 * n1) + bend * n1 * n2;
        h22 += cross_term * 2 * t2 * n2 + bend * n2 * n2;
        ring_area += now;
        b = c;
    }
    h11 -= radial;
    h22 -= radial;
    // Make the Hessian positive if it is not.
    const double half = 0.5 * (h11 + h22), gap = std::sqrt(0.25 * (h11 - h22) * (h11 - h22) + h12 * h12);
    const double largest = larger(std::fabs(half + gap), std::fabs(half - gap));
    const double lowest = half - gap;
    if (lowest < 1e-3 * largest) {
        const double lift = 1e-3 * largest - lowest;
        h11 += lift;
        h22 += lift;
    }
    const double determinant = h11 * h22 - h12 * h12;
    if (!(determinant > 0)) return 0;
    double s1 = -(h22 * g1 - h12 * g2) / determinant, s2 = -(h11 * g2 - h12 * g1) / determinant;
    if (!(g1 * s1 + g2 * s2 < 0)) return 0;
    for (int attempt = 0; attempt < 8; ++attempt) {
        const Vector q = unit(p + s1 * e1 + s2 * e2);
        const double next = ring_energy(mesh, level, item, q);
        if (next >= 0 && next <= energy) {
            mesh.put(i, q);
            return (s1 * s1 + s2 * s2) / ring_area;
        }
        s1 *= 0.5;
        s2 *= 0.5;
    }
    return 0;
}


// What a Newton step of a whole level needs. Vectors have two entries per vertex, in its tangent frame.
struct Newton {
    double *frame;    // (n, 6) two tangent vectors
    double *diagonal;  // (n, 3) blocks of the vertices
    double *block;     // (sum of degrees, 4) blocks of vertex and neighbour
    double *x, *r, *z, *p, *q;  // (n, 2)
    double *field;    // (n, 3) a vector field in space
    double *backup;   // (n, 3) points before the step
    // The hierarchy: vertices by age, and from which older neighbours a vertex takes its displacement.
    int32_t* by_age;        // (n,)
    int32_t* first_parent;  // (n + 1,) by age
    int32_t* parent;
    double* weight;
    int64_t parent_room;
    // Levels of the preconditioner, the coarsest first: vertices 0 .. size - 1 by age.
    int64_t n_grids;
    int64_t size[64];
    int64_t start[64];
    double* inverse;     // (sum of sizes, 3)
    double* correction;  // (sum of sizes, 2)
};

inline Vector frame1(const Newton& newton, int64_t i) { return {newton.frame[6 * i], newton.frame[6 * i + 1], newton.frame[6 * i + 2]}; }
inline Vector frame2(const Newton& newton, int64_t i) {
    return {newton.frame[6 * i + 3], newton.frame[6 * i + 4], newton.frame[6 * i + 5]};
}

// Energy of a level, or a negative value if a triangle is turned over.
double level_energy(const Mesh& mesh, const Level& level) {
    double sum = 0;
    for (int64_t item = 0; item < level.n; ++item) {
        const int64_t begin = level.first[item], end = level.first[item + 1];
        const int32_t i = level.vertex[item];
        const Vector p = mesh.on(i);
        for (int64_t k = begin; k < end; ++k) {
            const int32_t j = level.ring[k], h = level.ring[k + 1 < end ? k + 1 : begin];
            if (j < i || h < i) continue;
            const Vector b = mesh.on(j), c = mesh.on(h);
            const double* c4 = level.constants + 4 * k;
            const double v = c4[3] * 25.132741228718345, now = dot(p, cross(b, c));
            if (!(now > 1e-12 * smaller(v, 1.0))) return -1;
            const double stretch = c4[0] * (1 - dot(b, c)) + c4[1] * (1 - dot(p, c)) + c4[2] * (1 - dot(p, b));
            sum += c4[3] * (SHAPE * stretch + 0.5 * v) / now + c4[3] * 0.5 * now / v;
        }
    }
    return sum;
}

// Gradient (into -r) and the convex part of the Hessian: V is taken as linear in the positions.
void assemble(const Mesh& mesh, const Level& level, Newton& newton) {
    for (int64_t item = 0; item < level.n; ++item) {
        const int64_t i = level.vertex[item];
        const Vector p = mesh.on(i);
        const double ax = std::fabs(p.x), ay = std::fabs(p.y), az = std::fabs(p.z);
        const Vector axis = ax <= ay && ax <= az ? Vector{1, 0, 0} : ay <= az ? Vector{0, 1, 0} : Vector{0, 0, 1};
        const Vector e1 = unit(cross(p, axis)), e2 = cross(p, e1);
        double* f = newton.frame + 6 * i;
        f[0] = e1.x, f[1] = e1.y, f[2] = e1.z, f[3] = e2.x, f[4] = e2.y, f[5] = e2.z;
    }
    for (int64_t item = 0; item < level.n; ++item) {
        const int64_t begin = level.first[item], end = level.first[item + 1];
        const int64_t i = level.vertex[item];
        const Vector p = mesh.on(i), e1 = frame1(newton, i), e2 = frame2(newton, i);
        double g1 = 0, g2 = 0, d11 = 0, d12 = 0, d22 = 0;
        for (int64_t k = begin; k < end; ++k)
            for (int e = 0; e < 4; ++e) newton.block[4 * k + e] = 0;
        for (int64_t k = begin; k < end; ++k) {
            const int64_t next = k + 1 < end ? k + 1 : begin;
            const int32_t j = level.ring[k], h = level.ring[next];
            const Vector b = mesh.on(j), c = mesh.on(h);
            const double* c4 = level.constants + 4 * k;
            const double m = c4[3], v = m * 25.132741228718345;
            const Vector normal = cross(b, c);
            const double inverse = 1.0 / dot(p, normal);
            const double stretch = c4[0] * (1 - dot(b, c)) + c4[1] * (1 - dot(p, c)) + c4[2] * (1 - dot(p, b));
            const double top = m * (SHAPE * stretch + 0.5 * v);
            const double slope = 0.5 * m / v - top * inverse * inverse;
            const double mix = -m * SHAPE * inverse * inverse, bend = 2 * top * inverse * inverse * inverse;
            const double lap = m * SHAPE * inverse;
            // Gradients of D and V at the three corners, in their frames.
            const Vector dp = c4[1] * (p - c) + c4[2] * (p - b), db = c4[0] * (b - c) + c4[2] * (b - p);
            const Vector dc = c4[0] * (c - b) + c4[1] * (c - p);
            const Vector vb = cross(c, p), vc = cross(p, b);
            const double t1 = dot(e1, dp), t2 = dot(e2, dp), n1 = dot(e1, normal), n2 = dot(e2, normal);
            g1 += lap * t1 + slope * n1;
            g2 += lap * t2 + slope * n2;
            const double own = lap * (c4[1] + c4[2]);
            d11 += own + 2 * mix * t1 * n1 + bend * n1 * n1;
            d12 += mix * (t1 * n2 + t2 * n1) + bend * n1 * n2;
            d22 += own + 2 * mix * t2 * n2 + bend * n2 * n2;
            for (int side = 0; side < 2; ++side) {
                const int32_t o = side ? h : j;
                const Vector f1 = frame1(newton, o), f2 = frame2(newton, o), od = side ? dc : db, ov = side ? vc : vb;
                const double u1 = dot(f1, od), u2 = dot(f2, od), w1 = dot(f1, ov), w2 = dot(f2, ov);
                const double edge = -lap * (side ? c4[1] : c4[2]);
                double* block = newton.block + 4 * (side ? next : k);
                block[0] += edge * dot(e1, f1) + mix * (t1 * w1 + n1 * u1) + bend * n1 * w1;
                block[1] += edge * dot(e1, f2) + mix * (t1 * w2 + n1 * u2) + bend * n1 * w2;
                block[2] += edge * dot(e2, f1) + mix * (t2 * w1 + n2 * u1) + bend * n2 * w1;
                block[3] += edge * dot(e2, f2) + mix * (t2 * w2 + n2 * u2) + bend * n2 * w2;
            }
        }
        newton.r[2 * i] = -g1;
        newton.r[2 * i + 1] = -g2;
        newton.diagonal[3 * i] = d11;
        newton.diagonal[3 * i + 1] = d12;
        newton.diagonal[3 * i + 2] = d22;
    }
}

void multiply(const Level& level, const Newton& newton, const double* in, double* out) {
    for (int64_t item = 0; item < level.n; ++item) {
        const int64_t begin = level.first[item], end = level.first[item + 1];
        const int64_t i = level.vertex[item];
        const double* d = newton.diagonal + 3 * i;
        double s1 = d[0] * in[2 * i] + d[1] * in[2 * i + 1], s2 = d[1] * in[2 * i] + d[2] * in[2 * i + 1];
        for (int64_t k = begin; k < end; ++k) {
            const double *b = newton.block + 4 * k, *o = in + 2 * int64_t(level.ring[k]);
            s1 += b[0] * o[0] + b[1] * o[1];
            s2 += b[2] * o[0] + b[3] * o[1];
        }
        out[2 * i] = s1;
        out[2 * i + 1] = s2;
    }
}

// Adds the present level to the preconditioner: the inverses of its diagonal blocks.
void add_grid(const Level& level, Newton& newton) {
    int64_t g = newton.n_grids;
    newton.size[g] = level.n;
    newton.start[g] = g ? newton.start[g - 1] + newton.size[g - 1] : 0;
    for (int64_t a = 0; a < level.n; ++a) {
        const double* d = newton.diagonal + 3 * int64_t(newton.by_age[a]);
        const double determinant = larger(d[0] * d[2] - d[1] * d[1], 1e-6 * d[0] * d[2] + TINY);
        double* to = newton.inverse + 3 * (newton.start[g] + a);
        to[0] = d[2] / determinant;
        to[1] = -d[1] / determinant;
        to[2] = d[0] / determinant;
    }
    newton.n_grids = g + 1;
}

// z = the sum over all grids of what block Jacobi finds there (Bramble, Pasciak & Xu 1990).
void precondition(Newton& newton, const double* r, double* z) {
    int64_t g = newton.n_grids - 1;
    const int64_t n = newton.size[g];
    double* field = newton.field;
    for (int64_t a = 0; a < n; ++a) {
        const int64_t i = newton.by_age[a];
        const double *f = newton.frame + 6 * i;
        for (int e = 0; e < 3; ++e) field[3 * i + e] = r[2 * i] * f[e] + r[2 * i + 1] * f[3 + e];
    }
    for (int64_t grid = g; grid >= 0; --grid) {
        for (int64_t a = 0; a < newton.size[grid]; ++a) {
            const int64_t i = newton.by_age[a];
            const double *f = newton.frame + 6 * i, *v = field + 3 * i, *d = newton.inverse + 3 * (newton.start[grid] + a);
            const double r1 = f[0] * v[0] + f[1] * v[1] + f[2] * v[2], r2 = f[3] * v[0] + f[4] * v[1] + f[5] * v[2];
            double* c = newton.correction + 2 * (newton.start[grid] + a);
            c[0] = d[0] * r1 + d[1] * r2;
            c[1] = d[1] * r1 + d[2] * r2;
        }
        if (grid == 0) break;
        for (int64_t a = newton.size[grid] - 1; a >= newton.size[grid - 1]; --a) {
            const double* v = field + 3 * int64_t(newton.by_age[a]);
            for (int32_t k = newton.first_parent[a]; k < newton.first_parent[a + 1]; ++k) {
                double* to = field + 3 * int64_t(newton.parent[k]);
                for (int e = 0; e < 3; ++e) to[e] += newton.weight[k] * v[e];
            }
        }
    }
    for (int64_t grid = 0; grid <= g; ++grid) {
        if (grid > 0) {
            for (int64_t a = newton.size[grid - 1]; a < newton.size[grid]; ++a) {
                double* v = field + 3 * int64_t(newton.by_age[a]);
                v[0] = v[1] = v[2] = 0;
                for (int32_t k = newton.first_parent[a]; k < newton.first_parent[a + 1]; ++k) {
                    const double* from = field + 3 * int64_t(newton.parent[k]);
                    for (int e = 0; e < 3; ++e) v[e] += newton.weight[k] * from[e];
                }
            }
        }
        for (int64_t a = 0; a < newton.size[grid]; ++a) {
            const int64_t i = newton.by_age[a];
            const double *f = newton.frame + 6 * i, *c = newton.correction + 2 * (newton.start[grid] + a);
            double* v = field + 3 * i;
            if (grid == 0) v[0] = v[1] = v[2] = 0;
            for (int e = 0; e < 3; ++e) v[e] += c[0] * f[e] + c[1] * f[3 + e];
        }
    }
    for (int64_t a = 0; a < n; ++a) {
        const int64_t i = newton.by_age[a];
        const double *f = newton.frame + 6 * i, *v = field + 3 * i;
        z[2 * i] = f[0] * v[0] + f[1] * v[1] + f[2] * v[2];
        z[2 * i + 1] = f[3] * v[0] + f[4] * v[1] + f[5] * v[2];
    }
}

// The weights with which a vertex inside its ring is the mean of the ring (mean value coordinates, Floater 2003).
void set_parents(const Mesh& mesh, Newton& newton, int64_t age) {
    const int32_t u = newton.by_age[age];
    const int32_t* r = mesh.around(u);
    const int64_t d = mesh.degree[u], begin = newton.first_parent[age];
    if (begin + d > newton.parent_room) {
        newton.first_parent[age + 1] = int32_t(begin);
        return;
    }
    const Vector p = mesh.on(u);
    double sum = 0;
    for (int64_t k = 0; k < d; ++k) {
        const Vector before = mesh.on(r[(k + d - 1) % d]) - p, at = mesh.on(r[k]) - p, after = mesh.on(r[(k + 1) % d]) - p;
        const double length = std::sqrt(dot(at, at)) + TINY;
        double weight = 0;
        for (int side = 0; side < 2; ++side) {
            const Vector other = side ? after : before, normal = cross(at, other);
            weight += (length * std::sqrt(dot(other, other)) - dot(at, other)) / (std::sqrt(dot(normal, normal)) + TINY);
        }
        newton.parent[begin + k] = r[k];
        newton.weight[begin + k] = weight / length;
        sum += weight / length;
    }
    for (int64_t k = 0; k < d; ++k) newton.weight[begin + k] /= sum;
    newton.first_parent[age + 1] = int32_t(begin + d);
}

// Where a step would turn or nearly flatten a triangle, its corners move as their neighbours do.
void even_out(Mesh& mesh, const Level& level, Newton& newton) {
    double* field = newton.field;
    for (int round = 0; round < 12; ++round) {
        bool any = false;
        for (int64_t item = 0; item < level.n; ++item) mesh.lock[level.vertex[item]] = 0;
        for (int64_t item = 0; item < level.n; ++item) {
            const int64_t begin = level.first[item], end = level.first[item + 1];
            const int32_t i = level.vertex[item];
            for (int64_t k = begin; k < end; ++k) {
                const int32_t corner[3] = {i, level.ring[k], level.ring[k + 1 < end ? k + 1 : begin]};
                if (corner[1] < i || corner[2] < i) continue;
                Vector now[3], next[3];
                for (int c = 0; c < 3; ++c) {
                    const double *f = newton.backup + 3 * int64_t(corner[c]), *m = field + 3 * int64_t(corner[c]);
                    now[c] = {f[0], f[1], f[2]};
                    next[c] = unit(now[c] + Vector{m[0], m[1], m[2]});
                }
                if (volume(next[0], next[1], next[2]) > 0.1 * volume(now[0], now[1], now[2])) continue;
                any = true;
                for (int c = 0; c < 3; ++c) mesh.lock[corner[c]] = 1;
            }
        }
        if (!any) return;
        for (int64_t item = 0; item < level.n; ++item) {
            const int64_t i = level.vertex[item];
            if (!mesh.lock[i]) continue;
            const int64_t begin = level.first[item], end = level.first[item + 1];
            Vector sum{0, 0, 0};
            for (int64_t k = begin; k < end; ++k) {
                const double* m = field + 3 * int64_t(level.ring[k]);
                sum = sum + Vector{m[0], m[1], m[2]};
            }
            const Vector mean = (1.0 / double(end - begin)) * sum;
            field[3 * i] = mean.x, field[3 * i + 1] = mean.y, field[3 * i + 2] = mean.z;
        }
    }
}

// One Newton step of a level by preconditioned conjugate gradients. Returns the mean squared step in units of a ring's area.
double newton_step(Mesh& mesh, const Level& level, Newton& newton) {
    double *x = newton.x, *r = newton.r, *z = newton.z, *p = newton.p, *q = newton.q;
    precondition(newton, r, z);
    double rz = 0;
    for (int64_t item = 0; item < level.n; ++item) {
        const int64_t i = level.vertex[item];
        for (int e = 0; e < 2; ++e) {
            x[2 * i + e] = 0;
            p[2 * i + e] = z[2 * i + e];
            rz += r[2 * i + e] * z[2 * i + e];
        }
    }
    const double first = rz;
    if (!(first > 0)) return 0;
    for (int64_t iteration = 0; iteration < MOST_ITERATIONS && rz > ACCURACY * ACCURACY * first; ++iteration) {
        multiply(level, newton, p, q);
        double pq = 0;
        for (int64_t item = 0; item < level.n; ++item) {
            const int64_t i = level.vertex[item];
            pq += p[2 * i] * q[2 * i] + p[2 * i + 1] * q[2 * i + 1];
        }
        if (!(pq > 0)) break;
        const double step = rz / pq;
        for (int64_t item = 0; item < level.n; ++item) {
            const int64_t i = level.vertex[item];
            for (int e = 0; e < 2; ++e) {
                x[2 * i + e] += step * p[2 * i + e];
                r[2 * i + e] -= step * q[2 * i + e];
            }
        }
        precondition(newton, r, z);
        double next = 0;
        for (int64_t item = 0; item < level.n; ++item) {
            const int64_t i = level.vertex[item];
            next += r[2 * i] * z[2 * i] + r[2 * i + 1] * z[2 * i + 1];
        }
        const double ratio = next / rz;
        rz = next;
        for (int64_t item = 0; item < level.n; ++item) {
            const int64_t i = level.vertex[item];
            for (int e = 0; e < 2; ++e) p[2 * i + e] = z[2 * i + e] + ratio * p[2 * i + e];
        }
    }
    const double before = level_energy(mesh, level);
    double squares = 0;
    for (int64_t item = 0; item < level.n; ++item) {
        const int64_t i = level.vertex[item];
        squares += x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1];
        for (int e = 0; e < 3; ++e) newton.backup[3 * i + e] = mesh.point[3 * i + e];
    }
    double* field = newton.field;
    for (int64_t item = 0; item < level.n; ++item) {
        const int64_t i = level.vertex[item];
        const Vector move = x[2 * i] * frame1(newton, i) + x[2 * i + 1] * frame2(newton, i);
        field[3 * i] = move.x, field[3 * i + 1] = move.y, field[3 * i + 2] = move.z;
    }
    even_out(mesh, level, newton);
    // The convex part of the Hessian is too stiff for slow modes: the step is doubled while that helps, else halved.
    auto energy_after = [&](double step) {
        for (int64_t item = 0; item < level.n; ++item) {
            const int64_t i = level.vertex[item];
            const Vector from{newton.backup[3 * i], newton.backup[3 * i + 1], newton.backup[3 * i + 2]};
            mesh.put(i, unit(from + step * Vector{field[3 * i], field[3 * i + 1], field[3 * i + 2]}));
        }
        return level_energy(mesh, level);
    };
    double step = 1, best = 0, lowest = before;
    for (int attempt = 0; attempt < 7; ++attempt) {
        const double after = energy_after(step);
        if (after >= 0 && after < lowest) {
            best = step;
            lowest = after;
            if (step < 1) break;
            step *= 2;
        } else {
            if (step > 1) break;
            step *= 0.5;
        }
    }
    if (step != best) energy_after(best);
    return best * best * squares / 12.566370614359172;  // n steps over rings of 4 pi / n
}

}  // namespace

int64_t sphere_map(const SphereProblem& problem, double* points, int32_t* integers, double* doubles) {
    const int64_t n = problem.n_vertices;
    Mesh mesh;
    mesh.n = n;
    mesh.point = points;
    mesh.mass = doubles;
    double* position = doubles + n;
    mesh.position = position;
    mesh.degree = integers;
    mesh.target = integers + n;
    mesh.removed = integers + 2 * n;
    mesh.lock = integers + 3 * n;
    mesh.level = integers + 4 * n;
    Level level;
    level.vertex = integers + 5 * n;
    level.first = integers + 6 * n;
    level.ring = integers + 7 * n + 1;
    mesh.ring = integers + 13 * n + 1;
    level.constants = doubles + 4 * n;

    int32_t* triangles = level.ring;  // needed before the first level only
    smooth(problem, position, level.constants);
    const double total_area = split(problem, mesh, triangles);
    if (!link_rings(mesh, triangles, 2 * problem.n_quads)) return -1;
    for (int64_t i = 0; i < n; ++i) {
        mesh.level[i] = -1;
        mesh.lock[i] = -1;
    }

    // Take away.
    int64_t n_removed = 0, pass = 0, largest_degree = 6;
    double mean_mass = 1.0 / double(n), tolerance = 1.6;
    while (n - n_removed > 4 && pass < 4000) {
        const int64_t before = n_removed;
        const int64_t alive = n - n_removed;
        mean_mass = 1.0 / double(alive);
        for (int64_t k = 0; k < n && n - n_removed > 4; ++k) {
            const int64_t u = problem.order[k];
            if (mesh.level[u] >= 0 || mesh.lock[u] == pass || mesh.degree[u] > largest_degree) continue;
            if (mesh.mass[u] > tolerance * mean_mass) continue;
            double found;
            const int64_t slot = best_collapse(mesh, u, largest_degree > 6 ? CAPACITY - 1 : 9, found);
            if (slot < 0) continue;
            if (found < 0.2 && tolerance < 10) continue;
            collapse(mesh, int32_t(u), slot);
            mesh.level[u] = int32_t(pass);
            mesh.removed[n_removed++] = int32_t(u);
            for (int64_t j = 0; j < mesh.degree[u]; ++j) mesh.lock[mesh.around(u)[j]] = int32_t(pass);
        }
        ++pass;
        if (n_removed - before <= alive / 10) {
            if (n_removed == before && largest_degree >= CAPACITY - 1 && tolerance > 1e6) return -2;
            tolerance *= 2;
            if (tolerance > 10 && largest_degree < CAPACITY - 1) ++largest_degree;
        } else {
            tolerance = larger(1.6, 0.5 * tolerance);
            largest_degree = 6;
        }
    }
    if (n - n_removed != 4) return -2;

    // The tetrahedron.
    {
        int64_t u = 0;
        while (mesh.level[u] >= 0) ++u;
        const double k = 0.5773502691896258;
        mesh.put(u, {k, k, k});
        const int32_t* r = mesh.around(u);
        mesh.put(r[0], {-k, -k, k});
        mesh.put(r[1], {-k, k, -k});
        mesh.put(r[2], {k, -k, -k});
        if (volume(mesh.on(u), mesh.on(r[0]), mesh.on(r[1])) < 0) {
            mesh.put(r[1], {k, -k, -k});
            mesh.put(r[2], {-k, k, -k});
        }
    }

    Newton newton;
    double* free = doubles + 28 * n;
    auto take = [&free](int64_t length) {
        double* taken = free;
        free += length;
        return taken;
    };
    newton.frame = take(6 * n);
    newton.diagonal = take(3 * n);
    newton.block = take(24 * n);
    newton.x = take(2 * n);
    newton.r = take(2 * n);
    newton.z = take(2 * n);
    newton.p = take(2 * n);
    newton.q = take(2 * n);
    newton.field = take(3 * n);
    newton.backup = take(3 * n);
    newton.parent_room = 8 * n;
    newton.weight = take(8 * n);
    newton.inverse = take(9 * n);
    newton.correction = take(6 * n);
    newton.by_age = integers + (13 + CAPACITY) * n + 1;
    newton.first_parent = newton.by_age + n;
    newton.parent = newton.first_parent + n + 1;
    newton.n_grids = 0;
    int64_t age = 0;
    for (int64_t i = 0; i < n; ++i)
        if (mesh.level[i] < 0) newton.by_age[age++] = int32_t(i);
    for (int64_t k = 0; k <= 4; ++k) newton.first_parent[k] = 0;

    // Put back, level by level.
    int64_t sweeps = 0;
    int64_t last_relaxed = 0;
    while (true) {
        const bool grid = age >= 2 * last_relaxed || n_removed == 0;
        build_level(mesh, level, n_removed ? nullptr : problem.vertices, total_area);
        for (int sweep = 0; sweep < (grid ? SWEEPS : 1); ++sweep, ++sweeps)
            for (int64_t item = 0; item < level.n; ++item) relax_vertex(mesh, level, item);
        // Vertices of this level know their ring as it was when they came.
        int64_t known = age;
        while (known > 4 && newton.first_parent[known] < 0) --known;
        for (int64_t a = known; a < age; ++a) set_parents(mesh, newton, a);
        if (grid) {
            const double affordable = NEWTON_WORK / double(level.n);
            const double n_steps = smaller(MOST_STEPS, larger(FEWEST_STEPS, affordable));
            for (int64_t step = 0; step < int64_t(n_steps); ++step, ++sweeps) {
                assemble(mesh, level, newton);
                if (step > 0) --newton.n_grids;
                add_grid(level, newton);
                const double moved = newton_step(mesh, level, newton);
                for (int64_t item = 0; item < level.n; ++item) relax_vertex(mesh, level, item);
                if (moved > 0 && moved < SETTLED * double(level.n)) break;
            }
            last_relaxed = age;
        }
        if (n_removed == 0) break;
        const int32_t now = mesh.level[mesh.removed[n_removed - 1]];
        while (n_removed > 0 && mesh.level[mesh.removed[n_removed - 1]] == now) {
            const int32_t u = mesh.removed[--n_removed];
            expand(mesh, u);
            mesh.level[u] = -1;
            if (!place(mesh, u)) return -3;
            newton.by_age[age++] = u;
            newton.first_parent[age] = -1;
        }
    }
    return sweeps;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
